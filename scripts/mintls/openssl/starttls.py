"""The protocols that `openssl s_client` upgrades to TLS: the values of its -starttls (openssl-s_client(1))."""

STARTTLS = (
    "smtp", "pop3", "imap", "ftp", "xmpp", "xmpp-server", "irc", "postgres", "mysql", "lmtp", "nntp", "sieve", "ldap",
)  # fmt: skip
