"""nginx as docs/deploy tells to run it: the documented file itself, with this test's addresses in it."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import trustme

from clinic.running import home as homes
from tests.stack import ROOT
from tests.waiting import until

DOCUMENTED = ROOT / "docs" / "deploy" / "nginx" / "evenkeel.conf"
HOST = "localhost"
# As Debian's nginx.conf, as far as a program of one's own needs it. `user` where we are root: our folder is ours.
MAIN = """
{user}
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/main-error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/evenkeel.conf;
}}
"""


def nginx() -> str:
    """The program. tests/nginx.sh installs it; without it nothing here can be shown."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert found, "nginx is not installed: sh tests/nginx.sh"
    return found


class Proxy:
    """In `folder`, in front of the web processes at these ports of this machine."""

    def __init__(self, folder: Path, ports: Sequence[int]) -> None:
        self.folder, self.port, self.plain_port = folder, homes.free_port(), homes.free_port()
        self.authority = folder / "authority.pem"
        folder.mkdir()
        self._certify()
        (folder / "evenkeel.conf").write_text(self._rendered(DOCUMENTED.read_text(), ports))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
        self.command = [nginx(), "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", "stderr"]

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    def check(self) -> subprocess.CompletedProcess[str]:
        """`nginx -t`."""
        return subprocess.run([*self.command, "-t"], capture_output=True, text=True, timeout=30)

    def start(self) -> None:
        self.process = subprocess.Popen(self.command)
        until(lambda: homes.port_taken("127.0.0.1", self.port), 10, "nginx does not listen")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def logs(self) -> str:
        """All that it wrote."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def lines(self) -> list[str]:
        return (self.folder / "evenkeel.log").read_text().splitlines()

    def _certify(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.authority))
        issued = authority.issue_cert(HOST)
        issued.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        for pem in issued.cert_chain_pems:
            pem.write_to_path(str(self.folder / "fullchain.pem"), append=True)

    def _rendered(self, text: str, ports: Sequence[int]) -> str:
        """The documented text with our names, ports and files; no other word is changed."""
        for number, port in enumerate(ports, 1):
            text = text.replace(f"10.0.0.1{number}:8001", f"127.0.0.1:{port}")
        assert "10.0.0." not in text, "the documented file names more web processes than there are here"
        # A machine without IPv6 cannot listen there.
        text = re.sub(r"^ *listen \[::\]:.*\n", "", text, flags=re.M)
        text = re.sub(r"listen (443|80)\b", self._listen, text)
        text = text.replace("https://clinic.example", self.url).replace("clinic.example", HOST)
        return text.replace("/etc/ssl/evenkeel", str(self.folder)).replace("/var/log/nginx", str(self.folder))

    def _listen(self, found: re.Match[str]) -> str:
        return f"listen 127.0.0.1:{self.port if found[1] == '443' else self.plain_port}"
