"""Names of containers that OpenStack had once, and what does their work today."""

from kolla.plugin import Gone

CEILOMETER_ALARM = Gone(
    "ceilometer-alarm", since="Mitaka (2016.1)",
    instead="alarms are those of Aodh: aodh-evaluator, aodh-listener and aodh-notifier",
)
CEILOMETER_API = Gone(
    "ceilometer-api", since="Queens (2018.1)",
    instead="gnocchi-api has the samples, aodh-api the alarms",
)
CEILOMETER_BASE = Gone(
    "ceilometer-base",
    instead="it was an image that others were built on; openstack-base is that of all services",
)
CEILOMETER_COLLECTOR = Gone(
    "ceilometer-collector", since="Queens (2018.1)",
    instead="ceilometer-notification writes samples to Gnocchi, where gnocchi-metricd works",
)
FWAAS_AGENT = Gone(
    "fwaas-agent", since="Newton (2016.2)",
    instead="the firewall is 'fwaas_v2', an extension inside the L3 agent",
)
GLANCE_REGISTRY = Gone(
    "glance-registry", since="Ussuri (2020.1)",
    instead="glance-api reads the database itself",
)
HEAT_API_CLOUDWATCH = Gone(
    "heat-api-cloudwatch", since="Queens (2018.1)",
    instead="alarms are those of Aodh: aodh-api, and the set ceilometer-controller",
)
KEYSTONE_ADMIN = Gone(
    "keystone-admin", since="Queens (2018.1)",
    instead="keystone answers users and administrators alike, at one port",
)
LBAAS_AGENT = Gone(
    "lbaas-agent", since="Train (2019.2)",
    instead="load balancers are those of Octavia: octavia-api, and the set octavia-controller",
)
NOVA_CERT = Gone(
    "nova-cert", since="Pike (2017.2)",
    instead="nothing does its work: Nova makes no certificates for users any more",
)
NOVA_CONSOLEAUTH = Gone(
    "nova-consoleauth", since="Train (2019.2)",
    instead="nova-novncproxy finds in Nova's database who may open a console",
)
NOVA_NETWORK = Gone(
    "nova-network", since="Ussuri (2020.1)",
    instead="networks are those of Neutron: the sets neutron-controller and"
    " openstack-network-operation",
)
SWIFT_BASE = Gone(
    "swift-base",
    instead="it was an image that others were built on; openstack-base is that of all services",
)
