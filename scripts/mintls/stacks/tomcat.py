"""Apache Tomcat 10 (its configuration reference, SSLHostConfig)."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

SERVER = """
<Server port="-1">
  <Service name="Catalina">
    <Connector port="@port@" address="127.0.0.1" SSLEnabled="true" scheme="https" secure="true"
               protocol="org.apache.coyote.http11.Http11NioProtocol">
      <SSLHostConfig protocols="TLSv1.2+TLSv1.3"
                     certificateVerification="required"
                     certificateRevocationListFile="@crl@"
                     truststoreFile="@dir@/conf/ca.p12" truststoreType="PKCS12" truststorePassword="changeit">
        <Certificate certificateFile="@chain@"
                     certificateKeyPasswordFile="@passphrase@"
                     certificateKeyFile="@key@"/>
      </SSLHostConfig>
    </Connector>
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps"/>
    </Engine>
  </Service>
</Server>
"""
STACK = Stack(
    title="Tomcat",
    says=(r"<h3>Apache Tomcat/[^<]*</h3>",),
    family="java",
    server=Side(
        files={"conf/server.xml": SERVER},
        prepare="mkdir -p @dir@/logs @dir@/temp @dir@/webapps && cp /etc/tomcat10/web.xml @dir@/conf && "
        "keytool -importcert -noprompt -alias ca -file @ca@ -keystore @dir@/conf/ca.p12 -storetype PKCS12 "
        "-storepass changeit",
        start="env CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=@dir@ /usr/share/tomcat10/bin/catalina.sh run",
        tested="10.1",
        wrong=(
            Wrong(
                setting="certificateVerification",
                right='certificateVerification="required"',
                wrong='certificateVerification="optional"',
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="certificateVerification",
                right='certificateVerification="required"',
                wrong='certificateVerification="optionalNoCA"',
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
        ),
        limits="the paths are Debian's; without a truststore the CAs of the JDK are trusted",
        fixes=fixes(
            require=(
                'certificateVerification="required" in each SSLHostConfig; optional and optionalNoCA serve any client'
            ),
            verify='certificateVerification="required"',
            trust="truststoreFile with only the root; without it the CAs of the JDK are trusted",
            others={
                Mistake.REVOCATION: "certificateRevocationListFile with a CRL of each CA of the chain",
                Mistake.IDENTITY: "certificateFile: the leaf first, then its intermediates (certificateChainFile)",
                Mistake.NEW_VERSIONS: 'protocols="TLSv1.2+TLSv1.3"',
            },
        ),
    ),
)
