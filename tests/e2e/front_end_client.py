"""A client of WinRM's wire that is none of ours: python3-gssapi's contexts, http.client, and a sealed body put together by hand. One request
of WinRS is enough for it."""

import base64
import contextlib
import hashlib
import http.client
import re
import ssl
import struct
import urllib.parse
import uuid

import gssapi
import gssapi.raw

import lab

KERBEROS = gssapi.MechType.kerberos
SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
NTLM = gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10")
FLAGS = (gssapi.RequirementFlag.mutual_authentication | gssapi.RequirementFlag.replay_detection | gssapi.RequirementFlag.out_of_sequence_detection
         | gssapi.RequirementFlag.confidentiality | gssapi.RequirementFlag.integrity)
SOAP = "application/soap+xml;charset=UTF-8"
gssapi.SecurityContext.__DEFER_STEP_ERRORS__ = False  # an error is told at once, also when there is a token for the server
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"


def create_shell(**more):
    """Create of a WinRS shell, as it stands in [MS-WSMV]."""
    must = 's:mustUnderstand="true"'
    return (f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            f'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="{SHELL}"><s:Header><a:To>http://localhost/wsman</a:To>'
            f'<a:ReplyTo><a:Address {must}>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>'
            f'<a:Action {must}>http://schemas.xmlsoap.org/ws/2004/09/transfer/Create</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}'
            f'</a:MessageID><w:ResourceURI {must}>{SHELL}/cmd</w:ResourceURI><w:MaxEnvelopeSize {must}>153600</w:MaxEnvelopeSize>'
            f'<w:OperationTimeout>PT20S</w:OperationTimeout></s:Header><s:Body><rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams>'
            f'<rsp:OutputStreams>stdout stderr</rsp:OutputStreams>{more.get("padding", "")}</rsp:Shell></s:Body></s:Envelope>').encode()


def ntlm_credential(user, password):
    """For NTLM alone, also inside SPNEGO. `DOMAIN\\user`."""
    name = gssapi.Name(user, gssapi.NameType.user)
    return gssapi.Credentials(gssapi.raw.acquire_cred_with_password(name, password.encode(), mechs=[NTLM, SPNEGO], usage="initiate").creds)


def kerberos_credential(ccache):
    return gssapi.Credentials(usage="initiate", mechs=[KERBEROS, SPNEGO], store={"ccache": f"FILE:{ccache}"})


def end_point(certificate):
    """tls-server-end-point (RFC 5929) of a certificate signed with SHA-256."""
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="utf-8"))
    return b"tls-server-end-point:" + hashlib.sha256(der).digest()


class Client:
    """One connection. Use as a context manager."""

    def __init__(self, url, credential=None, scheme="Negotiate", mechanism=SPNEGO, service="HTTP@localhost", bindings=None):
        self.url = urllib.parse.urlsplit(url)
        self.scheme, self.tab, self.plainly = scheme, "\t", False
        if self.url.scheme == "https":
            trust = ssl.create_default_context()
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
            self.connection = http.client.HTTPSConnection(self.url.netloc, timeout=lab.WAIT, context=trust)
        else:
            self.connection = http.client.HTTPConnection(self.url.netloc, timeout=lab.WAIT)
        self.context = gssapi.SecurityContext(
            name=gssapi.Name(service, gssapi.NameType.hostbased_service), creds=credential, mech=mechanism, flags=FLAGS, usage="initiate",
            channel_bindings=gssapi.raw.ChannelBindings(application_data=bindings) if bindings else None) if credential else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.connection.close()

    def post(self, body=b"", content_type=SOAP, authorization=None):
        headers = {"Content-Type": content_type, **({"Authorization": authorization} if authorization else {})}
        self.connection.request("POST", self.url.path or "/wsman", body=body, headers=headers)
        return lab.Answer(self.connection.getresponse())

    def token_of(self, answer):
        for value in answer.headers.get_all("WWW-Authenticate") or []:
            if found := re.fullmatch(rf"{self.scheme} ([A-Za-z0-9+/=]+)", value):
                return base64.b64decode(found[1])
        return None

    def log_on(self):
        """All legs with empty bodies: the last answer. The server's last token is checked."""
        token = self.context.step()
        while True:
            answer = self.post(authorization=f"{self.scheme} {base64.b64encode(token).decode()}")
            given = self.token_of(answer)
            if given is None:
                return answer
            token = self.context.step(given)
            if not token:
                return answer

    @property
    def ntlm(self):
        return self.context.mech == NTLM

    def seal(self, plain):
        """(Content-Type, body)."""
        if self.ntlm or self.plainly:
            token = self.context.wrap(plain, True).message
            length = 16 if self.ntlm else len(token) - len(plain)
            signature, text = token[:length], token[length:]
        else:
            kinds = gssapi.raw.IOVBufferType
            parts = gssapi.raw.IOV((kinds.header, True), plain, (kinds.padding, True), std_layout=False)
            gssapi.raw.wrap_iov(self.context, parts, confidential=True)
            signature, text = parts[0].value, parts[1].value + (parts[2].value or b"")
        return self.multipart(len(plain), signature, text)

    def multipart(self, length, signature, text, boundary="Encrypted Boundary"):
        protocol = f"application/HTTP-{'Kerberos' if self.scheme == 'Kerberos' else 'SPNEGO'}-session-encrypted"
        head = (f"--{boundary}\r\n{self.tab}Content-Type: {protocol}\r\n{self.tab}OriginalContent: type={SOAP};Length={length}\r\n"
                f"--{boundary}\r\n{self.tab}Content-Type: application/octet-stream\r\n").encode()
        body = head + struct.pack("<I", len(signature)) + signature + text + f"--{boundary}--\r\n".encode()
        return f'multipart/encrypted;protocol="{protocol}";boundary="{boundary}"', body

    def send_sealed(self, plain=None):
        content_type, body = self.seal(plain or create_shell())
        return self.post(body, content_type)

    def open(self, answer):
        """(OriginalContent, plain body) of a sealed reply, cut by its lengths, in Windows' form for Kerberos."""
        head, rest = re.fullmatch(rb"(?s)(.*?octet-stream\r\n)(.*)", answer.body).groups()
        size = struct.unpack("<I", rest[:4])[0]
        signature = rest[4:4 + size]
        length = int(re.search(rb"Length=(\d+)", head)[1])
        text = rest[4 + size:4 + size + length]
        original = re.search(rb"OriginalContent: (.*);Length", head)[1].decode()
        if self.ntlm or self.plainly or signature[:1] == b"\x60":  # RC4: only that form takes its padding off
            return original, self.context.unwrap(signature + text).message
        kinds = gssapi.raw.IOVBufferType
        parts = gssapi.raw.IOV((kinds.header, False, signature), text, std_layout=False)
        gssapi.raw.unwrap_iov(self.context, parts)
        return original, parts[1].value
