"""A real slapd for tests: a folder, a certificate made for it, two groups and a few people. Skipped where none is."""

import ipaddress
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import run
from tests.support.server import free_port

BASE = "dc=works,dc=example"
LOOKER, LOOKERS_PASSWORD = f"cn=spiral,{BASE}", "looks-people-up"
SLAPD = shutil.which("slapd") or shutil.which("slapd", path="/usr/sbin:/usr/libexec:/usr/local/libexec")
SCHEMAS = Path("/etc/ldap/schema")
CONFIG = """
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
{tls}
database mdb
suffix "{base}"
directory {folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""
PEOPLE = {"li.wei": "p\u00e4ss w\u00f6rd", "wang.fang": "another one", "star*": "a star's own", "no.group": "outside"}


def entries() -> str:
    """The people, as LDIF."""
    some = [f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Works\ndc: works\n"]
    some.append(
        f"dn: {LOOKER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: spiral\n"
        f"userPassword: {LOOKERS_PASSWORD}\n"
    )
    for name, password in PEOPLE.items():
        some.append(
            f"dn: uid={name},{BASE}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name.title()}\nsn: x\n"
            f"mail: {name.strip('*')}@works.example\nuserPassword: {password}\n"
        )
    for group, names in {"qa": ["li.wei"], "reps": ["li.wei", "wang.fang", "star*"]}.items():
        members = "\n".join(f"member: uid={name},{BASE}" for name in names)
        some.append(f"dn: cn={group},{BASE}\nobjectClass: groupOfNames\ncn: {group}\n{members}\n")
    return "\n".join(some)


def certificate(folder: Path, host: str = "127.0.0.1") -> None:
    """``cert.pem`` and ``key.pem`` for this address, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)


class Slapd:
    """One server in a folder of its own, with TLS or without."""

    def __init__(self, folder: Path, *, tls: bool, host: str = "127.0.0.1") -> None:
        if SLAPD is None or not (SCHEMAS / "core.schema").exists():
            run.leave_out("slapd", "sudo apt-get install -y slapd")
        certificate(folder, host)
        (folder / "db").mkdir()
        schemas = "\n".join(f"include {SCHEMAS}/{name}.schema" for name in ("core", "cosine", "inetorgperson"))
        lines = f"TLSCertificateFile {folder}/cert.pem\nTLSCertificateKeyFile {folder}/key.pem" if tls else ""
        (folder / "slapd.conf").write_text(CONFIG.format(schemas=schemas, tls=lines, base=BASE, folder=folder))
        (folder / "people.ldif").write_text(entries(), encoding="utf-8")
        self.config = str(folder / "slapd.conf")
        add = Path(SLAPD).with_name("slapadd")
        subprocess.run(
            [str(add), "-f", self.config, "-l", str(folder / "people.ldif")], check=True, capture_output=True
        )
        self.port = free_port()
        self.url, self.ca = f"ldap://127.0.0.1:{self.port}", str(folder / "cert.pem")
        self.start()

    def start(self) -> None:
        """Serve, and wait until somebody answers."""
        assert SLAPD
        words = [SLAPD, "-f", self.config, "-h", f"{self.url}/", "-d", "0"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _attempt in range(1200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        pytest.fail("slapd did not start")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
