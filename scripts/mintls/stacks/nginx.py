"""nginx, as a server and as a proxy that verifies the server behind it (ngx_http_ssl_module, ngx_http_proxy_module)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong

SERVER_CONF = """
# A complete file to try; in a configuration of yours the server block is what counts.
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr info;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen 127.0.0.1:@port@ ssl;
        server_name @host@;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate "@chain@";
        ssl_certificate_key "@key@";
        ssl_password_file "@passphrase@";
        ssl_client_certificate "@ca@";
        ssl_crl "@crl@";
        ssl_verify_client on;
        ssl_verify_depth 3;
        location / { return 200 "client $ssl_client_s_dn\\n"; }
    }
}
"""
SERVER_FIXES = {
    Mistake.TRUST: "ssl_client_certificate ca.crt; the reason for a rejection is in error.log at level info",
    Mistake.DEPTH: "ssl_verify_depth 2 or more (1 by default)",
    Mistake.ANCHOR_ALONE: "ssl_client_certificate and ssl_trusted_certificate with only the root",
    Mistake.REQUIRE: (
        "ssl_verify_client on, in each server block of the address; with `optional` every location has to refuse "
        "unless $ssl_client_verify is SUCCESS"
    ),
    Mistake.VERIFY: "ssl_verify_client on; `optional_no_ca` lets it in and leaves the rest to the application",
    Mistake.OWN_AUTHORITY: (
        "only your CA in ssl_client_certificate, and in ssl_trusted_certificate, which is also trusted"
    ),
    Mistake.PROOF: (
        "let nginx terminate TLS itself (ssl_verify_client on); behind a proxy, drop a header that a client sent "
        "in the place of the proxy's"
    ),
    Mistake.CHAIN: "ssl_verify_client on, and no custom verification of $ssl_client_raw_cert",
    Mistake.TIME: (
        "ssl_verify_client on checks the dates: see the clock (date -u), and what terminates TLS before nginx"
    ),
    Mistake.PURPOSE: (
        "ssl_verify_client on checks the purpose; an application that verifies $ssl_client_raw_cert must do so too"
    ),
    Mistake.DEMAND_PURPOSE: (
        "no directive: admit by $ssl_client_s_dn or $ssl_client_fingerprint, or issue with only clientAuth"
    ),
    Mistake.DEMAND_LEAF: "no directive: admit by $ssl_client_s_dn or $ssl_client_fingerprint",
    Mistake.REVOCATION: "ssl_crl with a CRL of each CA of the chain; reload nginx after each new CRL",
    Mistake.STRENGTH: "ssl_ciphers DEFAULT:@SECLEVEL=2",
    Mistake.NEW_VERSIONS: "ssl_protocols TLSv1.2 TLSv1.3",
    Mistake.REAL_CIPHERS: "ssl_ciphers HIGH:!aNULL:!eNULL, or leave the default",
    Mistake.IDENTITY: (
        "ssl_certificate: the leaf first, then its intermediates; issue it with the name that clients connect to"
    ),
    Mistake.EVERY_NAME: "ssl_verify_client on in the default_server too, or ssl_reject_handshake on there",
    Mistake.SHORT_SESSIONS: (
        "a short ssl_session_timeout; ssl_session_tickets off and ssl_session_cache off for none at all"
    ),
    Mistake.SESSIONS_APART: (
        "1.26.3, 1.27.4 or newer (CVE-2025-23419), or ssl_session_cache and ssl_session_ticket_key of its own for"
        " each server block"
    ),
    Mistake.SAME_HOST: "1.27.4 or newer, or `if ($ssl_server_name != $host) { return 421; }` in each server block",
    Mistake.OWN_HEADERS: (
        "proxy_set_header X-SSL-Client-Verify $ssl_client_verify, and so on for each header that is read"
    ),
    Mistake.TLS_ONLY: "`listen PORT ssl` and no second `listen PORT` without it; error_page 497 must not serve content",
    Mistake.CA_NAMES: (
        "ssl_client_certificate names the CAs that are sent; those of ssl_trusted_certificate are not sent"
    ),
}
CLIENT_FIXES = {
    Mistake.TRUST: "proxy_ssl_trusted_certificate ca.crt, and proxy_ssl_name with a name of the certificate",
    Mistake.DEPTH: "proxy_ssl_verify_depth 2 or more (1 by default)",
    Mistake.ANCHOR_ALONE: "proxy_ssl_trusted_certificate with only the root",
    Mistake.VERIFY: "proxy_ssl_verify on (off by default)",
    Mistake.OWN_AUTHORITY: "only your CA in proxy_ssl_trusted_certificate, with proxy_ssl_verify on",
    Mistake.PROOF: "proxy_ssl_verify on",
    Mistake.CHAIN: "proxy_ssl_verify on",
    Mistake.TIME: "proxy_ssl_verify on",
    Mistake.PURPOSE: "proxy_ssl_verify on",
    Mistake.DEMAND_PURPOSE: "no directive: issue with only serverAuth",
    Mistake.DEMAND_LEAF: "no directive: control what the CA issues",
    Mistake.REVOCATION: "proxy_ssl_crl with a CRL of each CA of the chain; reload nginx after each new CRL",
    Mistake.STRENGTH: "proxy_ssl_ciphers DEFAULT:@SECLEVEL=2",
    Mistake.NAME: "proxy_ssl_verify on, and proxy_ssl_name if the name differs from proxy_pass",
    Mistake.NAMES_IN_SAN: "no directive: issue with a SAN",
    Mistake.NEW_VERSIONS: "proxy_ssl_protocols TLSv1.2 TLSv1.3",
}
CLIENT_CONF = """
# A complete file to try; in a configuration of yours the location is what counts.
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen unix:front.sock;
        location / {
            # its name is verified; where it is an upstream or an address, proxy_ssl_name says which one
            proxy_pass https://@host@:@port@;
            proxy_ssl_protocols TLSv1.2 TLSv1.3;
            proxy_ssl_certificate "@chain@";
            proxy_ssl_certificate_key "@key@";
            proxy_ssl_password_file "@passphrase@";
            proxy_ssl_trusted_certificate "@ca@";
            proxy_ssl_crl "@crl@";
            proxy_ssl_verify on;
            proxy_ssl_verify_depth 3;
            proxy_ssl_server_name on;
        }
    }
}
"""
VISIT = """
# One request through nginx.conf to the server HOST PORT: visit.sh HOST PORT
set -eu
front=$(mktemp -d)
cd "$front"
sed "s/@host@:@port@;/$1:$2;/" "@dir@/nginx.conf" >nginx.conf
nginx -e stderr -p "$front/" -c nginx.conf 2>error.log &
trap 'kill $! 2>/dev/null && wait $!; cat error.log; rm -r "$front"' EXIT
trap exit INT TERM
until test -s nginx.pid; do kill -0 $! 2>/dev/null; sleep 0.02; done
curl -q -sS --max-time 10 --unix-socket front.sock http://front.example/
"""
STACK = Stack(
    title="nginx",
    says=(r"^Server: nginx\S*", r"<center>nginx[^<]*"),
    programs=("nginx",),
    server=Side(
        files={"nginx.conf": SERVER_CONF},
        start="nginx -e stderr -p @dir@/ -c @dir@/nginx.conf",
        reload="nginx -e stderr -p @dir@/ -c @dir@/nginx.conf -s reload",
        tested="1.22",
        wrong=(
            Wrong(
                setting="ssl_verify_client",
                right="ssl_verify_client on;",
                wrong="ssl_verify_client optional;",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="ssl_verify_client",
                right="ssl_verify_client on;",
                wrong="ssl_verify_client optional_no_ca;",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="a rejected client gets HTTP 400: the handshake itself never fails over a certificate",
        fixes=SERVER_FIXES,
    ),
    client=Side(
        files={"nginx.conf": CLIENT_CONF, "visit.sh": VISIT},
        prepare="nginx -e stderr -t -p @dir@/ -c @dir@/nginx.conf",
        start="sh @dir@/visit.sh @host@ @port@",
        accepts=("good-address", "wrong-address", "other-address", "address-*"),
        tested="1.22",
        wrong=(
            Wrong(
                setting="proxy_ssl_verify on",
                right="proxy_ssl_verify on;",
                wrong="proxy_ssl_verify off;",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits=(
            "it verifies no address: proxy_pass with one needs proxy_ssl_name; it presents its certificate before it "
            "verifies that of the server"
        ),
        fixes=CLIENT_FIXES,
    ),
)
