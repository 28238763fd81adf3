"""Certificates with something wrong, by the openssl command."""

import subprocess

import lab


def make_certificates(folder):
    """ca.pem, chain.pem behind an issuing CA, issuing-old.pem, which that CA's certificate replaced, and certificates with
    something wrong, by the openssl command."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    folder.mkdir()
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=lab\n[lab]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\n"
        "unique_subject=no\ncopy_extensions=copy\ncertificate=ca.pem\nprivate_key=ca.key\n[any]\ncommonName=supplied\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for authority in ("ca", "stranger"):
        openssl("req", "-x509", *key, "-keyout", f"{authority}.key", "-out", f"{authority}.pem", "-subj", f"/CN=lab {authority}", "-days", "30")
    openssl("req", *key, "-keyout", "issuing.key", "-out", "issuing.csr", "-subj", "/CN=lab issuing")
    (folder / "issuing.cnf").write_text("basicConstraints=critical,CA:TRUE\n")
    openssl("x509", "-req", "-in", "issuing.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "77", "-days", "1", "-extfile", "issuing.cnf",
            "-out", "issuing.pem")
    day = lambda offset: lab.utc(offset * 86400)[2:].replace("-", "").replace(":", "").replace("T", "")[:12] + "Z"
    # What the issuing CA had before: same name, same key.
    openssl("ca", "-batch", "-config", "ca.cnf", "-keyfile", "ca.key", "-in", "issuing.csr", "-extfile", "issuing.cnf", "-out", "issuing-old.pem",
            "-startdate", day(-9), "-enddate", day(-1), "-notext")
    for name, alternative, start, end, authority in (
            ("good", "IP:127.0.0.1", -1, 9, "ca"), ("other-name", "DNS:other.example.com", -1, 9, "ca"),
            ("expired", "IP:127.0.0.1", -9, -1, "ca"), ("future", "IP:127.0.0.1", 2, 9, "ca"), ("unknown", "IP:127.0.0.1", -1, 9, "stranger"),
            ("chain", "IP:127.0.0.1", -1, 0.9, "issuing")):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}")
        openssl("ca", "-batch", "-config", "ca.cnf", "-cert", f"{authority}.pem", "-keyfile", f"{authority}.key", "-in", f"{name}.csr",
                "-out", f"{name}.pem", "-startdate", day(start), "-enddate", day(end), "-notext")
    with open(folder / "chain.pem", "a", encoding="utf-8") as chain:
        chain.write((folder / "issuing.pem").read_text(encoding="utf-8"))
