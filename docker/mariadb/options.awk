# Turns the table at the end of `mariadbd --help --verbose` into kolla's option list.
# Numbers may carry a suffix (256M) and most texts are lists, so only booleans have a type.
BEGIN {
    print "{\"mysqld\": {"
    print "  \"loose_*\": {\"type\": \"string\"}"
}
/^-+ -+$/ { table = 1; next }
table && NF == 0 { exit }
table {
    name = $1
    gsub("-", "_", name)
    type = $2 ~ /^(TRUE|FALSE)$/ ? "boolean" : "string"
    printf "  ,\"%s\": {\"type\": \"%s\"}\n", name, type
}
END { print "}}" }
