""".NET: Kestrel as a server (ConfigureHttpsDefaults), HttpClient as a client; not tested here."""

from mintls.configuration.mistake import Mistake
from mintls.configuration.stack import Side, Stack, Wrong, fixes

SERVER = """
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

var ca = X509Certificate2.CreateFromPem(File.ReadAllText("@ca@"));
var own = X509Certificate2.CreateFromPemFile("@chain@", "@key@");
var intermediates = new X509Certificate2Collection();
intermediates.ImportFromPemFile("@chain@");
var builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel =>
kestrel.Listen(IPAddress.Loopback, @port@, listen => listen.UseHttps(https =>
{
    https.ServerCertificate = own;
    https.ServerCertificateChain = intermediates;
    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
    https.ClientCertificateValidation = (certificate, chain, errors) =>
    {
        chain!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Clear();
        chain.ChainPolicy.CustomTrustStore.Add(ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new("1.3.6.1.5.5.7.3.2"));
        return chain.Build(certificate);
    };
})));
var app = builder.Build();
app.MapGet("/", (HttpContext context) => $"client {context.Connection.ClientCertificate?.Subject}");
app.Run();
"""
CLIENT = """
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

var ca = X509Certificate2.CreateFromPem(File.ReadAllText("@ca@"));
var policy = new X509ChainPolicy
{
    TrustMode = X509ChainTrustMode.CustomRootTrust,
    RevocationMode = X509RevocationMode.NoCheck,
};
policy.CustomTrustStore.Add(ca);
var handler = new SocketsHttpHandler();
handler.SslOptions.CertificateChainPolicy = policy;
handler.SslOptions.ClientCertificates = new() { X509Certificate2.CreateFromPemFile("@chain@", "@key@") };
using var client = new HttpClient(handler);
Console.WriteLine(await client.GetStringAsync($"https://{args[0]}:{args[1]}/"));
"""
STACK = Stack(
    title=".NET",
    says=(r"^Server: Kestrel",),
    programs=("dotnet", "pwsh"),
    server=Side(
        files={"Program.cs": SERVER},
        prepare="dotnet new web -o @dir@/server && cp @dir@/Program.cs @dir@/server",
        start="dotnet run --project @dir@/server",
        wrong=(
            Wrong(
                setting="RequireCertificate",
                right="ClientCertificateMode.RequireCertificate",
                wrong="ClientCertificateMode.AllowCertificate",
                effect="clients without a certificate are served",
                mistake=Mistake.REQUIRE,
            ),
            Wrong(
                setting="chain.Build",
                right="return chain.Build(certificate);",
                wrong="return true;",
                effect="certificates of any CA are accepted",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="for .NET 8; an encrypted key with CreateFromEncryptedPemFile",
        fixes=fixes(
            require="ClientCertificateMode.RequireCertificate; AllowCertificate serves clients without one",
            verify=(
                "ClientCertificateValidation has to return chain.Build(certificate); AllowAnyClientCertificate() must"
                " go"
            ),
            trust="ChainPolicy: TrustMode = CustomRootTrust, and only your root in CustomTrustStore",
            others={
                Mistake.REVOCATION: "ChainPolicy.RevocationMode = Online: it reads CRLs from the certificate's URL",
                Mistake.IDENTITY: "ServerCertificateChain: the intermediates",
            },
        ),
    ),
    client=Side(
        files={"Program.cs": CLIENT},
        prepare="dotnet new console -o @dir@/client && cp @dir@/Program.cs @dir@/client",
        start="dotnet run --project @dir@/client @host@ @port@",
        wrong=(
            Wrong(
                setting="ServerCertificateCustomValidationCallback",
                right="handler.SslOptions.CertificateChainPolicy = policy;",
                wrong="handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;",
                effect="any server is believed",
                mistake=Mistake.VERIFY,
            ),
        ),
        limits="for .NET 8",
        fixes=fixes(
            verify=(
                "no ServerCertificateCustomValidationCallback or RemoteCertificateValidationCallback that returns true"
            ),
            trust="X509ChainPolicy: TrustMode = CustomRootTrust, and your CA in CustomTrustStore",
            name="a validation callback must reject SslPolicyErrors.RemoteCertificateNameMismatch",
        ),
    ),
)
