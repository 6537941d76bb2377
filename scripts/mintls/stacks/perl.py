"""Perl's LWP::UserAgent and IO::Socket::SSL."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CLIENT = """
use LWP::UserAgent;

my $agent = LWP::UserAgent->new(timeout => 10, ssl_opts => {
    SSL_ca_file => '@ca@',
    SSL_cert_file => '@chain@',
    SSL_key_file => '@key@',
    SSL_passwd_cb => sub { open my $file, '<', '@passphrase@'; my $line = <$file>; chomp $line; $line },
    verify_hostname => 1,
});
my $response = $agent->get("https://$ARGV[0]:$ARGV[1]/");
print $response->status_line, "\\n", $response->decoded_content;
"""
STACK = Stack(
    title="Perl",
    programs=("perl",),
    client=Side(
        files={"client.pl": CLIENT},
        start="perl @dir@/client.pl @host@ @port@",
        accepts=("address-in-cn",),
        tested="5.36",
        limits="the CN may stand for an address",
        wrong=(
            Wrong(
                setting="SSL_verify_mode",
                right="verify_hostname => 1,",
                wrong="verify_hostname => 0, SSL_verify_mode => 0,",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
            Wrong(
                setting="verify_hostname",
                right="verify_hostname => 1,",
                wrong="verify_hostname => 0, SSL_verify_mode => 1,",
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
        ),
        fixes=fixes(
            verify="SSL_verify_mode => SSL_VERIFY_PEER, and no SSL_verify_callback that returns 1",
            trust='SSL_ca_file => "ca.crt"',
            name='IO::Socket::SSL: SSL_verifycn_scheme => "http", SSL_verifycn_name => NAME; LWP: ssl_opts '
            "verify_hostname => 1",
        ),
    ),
)
