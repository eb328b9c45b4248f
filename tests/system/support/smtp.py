"""A mail server on a free loopback port: prints the port, then each mail as a line of JSON.

Arguments: plain, starttls or smtps; the file for the certificate of who signs the server's; a user and a password, where
the server asks for them.
"""

import asyncio
import datetime
import email
import email.policy
import ipaddress
import json
import ssl
import sys
import tempfile

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        told = {name.lower(): mail[name] for name in ("From", "To", "Subject", "Message-ID")}
        told |= {"sender": envelope.mail_from, "receivers": envelope.rcpt_tos, "text": mail.get_content()}
        told |= {"tls": session.ssl is not None or mode == "smtps", "date": mail["Date"] is not None}
        print(json.dumps(told), flush=True)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 there is nobody"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def context(authority_file):
    """A server's TLS with a certificate for 127.0.0.1."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def certificate(name, key, issuer, signer, is_authority):
        now = datetime.datetime.now(datetime.timezone.utc)
        named = lambda name: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(named(issuer), named(name), key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(is_authority, None), True)
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    with open(authority_file, "wb") as file:
        file.write(certificate("Test authority", authority, "Test authority", authority, True))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as chain:
        encoding, format = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        chain.write(key.private_bytes(encoding, format, serialization.NoEncryption()))
        chain.write(certificate("127.0.0.1", key, "Test authority", authority, False))
        chain.flush()
        tls.load_cert_chain(chain.name)
    return tls


async def main():
    tls = None if mode == "plain" else context(sys.argv[2])
    settings = {"enable_SMTPUTF8": True}
    if mode == "starttls":
        settings |= {"tls_context": tls, "require_starttls": True}
    if len(sys.argv) > 3:
        expected = [word.encode() for word in sys.argv[3:5]]
        check = lambda *given: AuthResult(success=[given[-1].login, given[-1].password] == expected, handled=False)
        settings |= {"authenticator": check, "auth_required": True, "auth_require_tls": mode == "starttls"}
    factory = lambda: SMTP(Handler(), **settings)
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=tls if mode == "smtps" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


mode = sys.argv[1]
asyncio.run(main())
