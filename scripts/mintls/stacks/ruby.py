"""Ruby's net/http and OpenSSL::SSL."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

CLIENT = """
require "net/http"
require "openssl"

http = Net::HTTP.new(ARGV[0], ARGV[1].to_i, nil)
http.use_ssl = true
http.open_timeout = http.read_timeout = 10
http.ca_file = "@ca@"
http.verify_mode = OpenSSL::SSL::VERIFY_PEER
chain = OpenSSL::X509::Certificate.load_file("@chain@")
http.cert = chain.shift
http.extra_chain_cert = chain
password = ""
password = File.open("@passphrase@").gets.chomp
http.key = OpenSSL::PKey.read(File.read("@key@"), password)
response = http.get("/")
puts response.code, response.body
"""
STACK = Stack(
    title="Ruby",
    programs=("ruby",),
    client=Side(
        files={"client.rb": CLIENT},
        start="ruby @dir@/client.rb @host@ @port@",
        accepts=("address-by-wildcard",),
        tested="3.1",
        limits="a name with a wildcard may stand for an address",
        wrong=(
            Wrong(
                setting="VERIFY_PEER",
                right="VERIFY_PEER",
                wrong="VERIFY_NONE",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
            Wrong(
                setting="verify_hostname",
                right="http.use_ssl = true",
                wrong="http.use_ssl = true; http.verify_hostname = false",
                effect="any server of the CA is believed, whatever its name",
                mistake=Mistake.NAME,
            ),
        ),
        fixes=fixes(
            verify="verify_mode = OpenSSL::SSL::VERIFY_PEER, and no verify_callback that returns true",
            trust='ca_file = "ca.crt", without set_default_paths',
            name="verify_hostname = true (with an SSLSocket also hostname = NAME); or post_connection_check(NAME)",
        ),
    ),
)
