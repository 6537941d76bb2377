""".NET's Kestrel and HttpClient."""

from mintls.configuration.stack import Side, Stack, fixes

STACK = Stack(
    title=".NET",
    programs=("dotnet", "pwsh"),
    client=Side(
        fixes=fixes(
            verify="no ServerCertificateCustomValidationCallback that returns true",
            trust="X509ChainPolicy: TrustMode = CustomRootTrust, and your CA in CustomTrustStore",
            name="a validation callback must reject SslPolicyErrors.RemoteCertificateNameMismatch",
        ),
    ),
)
