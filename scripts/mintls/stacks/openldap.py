"""OpenLDAP: slapd.conf(5) and ldap.conf(5)."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title="OpenLDAP",
    programs=("ldapsearch", "ldapwhoami"),
    client=Side(
        fixes=fixes(
            verify="TLS_REQCERT demand in ldap.conf, or LDAPTLS_REQCERT=demand",
            trust="TLS_CACERT ca.crt in ldap.conf, or LDAPTLS_CACERT",
            name="TLS_REQCERT demand: allow and never do not check the name",
        ),
    ),
)
