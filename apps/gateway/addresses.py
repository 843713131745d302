"""Which addresses a provider may have.

Staff type addresses, so a mistake or a stolen session could aim the server at itself or at the cloud's metadata. Internal
hosts are legitimate (a model server in the company's network), so private ranges are allowed; link-local, metadata and
meaningless ones are not. The static check judges what is typed, the check at connection time what a name resolves to at that
moment.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from django.utils.translation import gettext as _

from apps.core.refusals import Refusal

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORBIDDEN = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "100.100.100.200/32",  # metadata elsewhere
        "192.0.0.192/32",
        "168.63.129.16/32",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fd00:ec2::/32",  # metadata over IPv6
        "fd20:ce::/32",
        "ff00::/8",
    )
]
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
# What IDNA reads as a dot: “169。254。169。254” is a numeric address by the time somebody connects to it.
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")


class AddressRefused(Refusal):
    """An address that a provider must not have."""

    code = "address_refused"
    field = "base_url"


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address merely wraps."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if any(address in network for network in _NAT64) or (int(address) >> 32 == 0 and int(address) > 1):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_forbidden(text: str) -> bool:
    """Whether the numeric address `text` must not be connected to. Anything that is not an address is forbidden too."""
    try:
        address = _inner(ipaddress.ip_address(text.split("%")[0]))
    except ValueError:
        return True
    return any(address in network for network in _FORBIDDEN if network.version == address.version)


def _number_of(host: str) -> Address | None:
    """Return the address that `host` is a spelling of, be it 2852039166 or 0xa9.254.43518; None for a name."""
    host = host.rstrip(".")
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host)
    with contextlib.suppress(OSError, UnicodeEncodeError):
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, by name or number."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return _inner(ipaddress.ip_address(host)).is_loopback
    except ValueError:
        return False


# What people copy from a provider's documentation includes the endpoint of the one call it shows.
_TAILS = ("/chat/completions", "/completions", "/responses", "/models", "/embeddings")
_DEPLOYMENT = "/openai/deployments/"  # Azure's classic interface: one address for each deployment, and a version of the interface


def split_version(url: str) -> tuple[str, str]:
    """Return an address that `check_base_url` returned, without its `api-version`, and that version; empty if it has none."""
    parts = urlsplit(url)
    [version] = parse_qs(parts.query).get("api-version", [""])
    return urlunsplit(parts._replace(query="")), version


def deployment_of(url: str) -> str:
    """Return the one model that an address of Azure’s classic interface serves (as `check_base_url` returned it); empty if
    the provider must be asked."""
    version = split_version(url)[1]
    return urlsplit(url).path.rpartition("/")[2] if version else ""


def _check_azure(host: str, path: str, version: str) -> None:
    if _DEPLOYMENT in path and not version:
        raise AddressRefused(_("The address of a deployment needs its version: add ?api-version= and the one Azure shows."))
    if host.lower().endswith(".openai.azure.com") and not path.startswith("/openai/"):
        raise AddressRefused(
            _("For Azure, give the address that ends in /openai/v1, or a deployment’s whole address with its api-version.")
        )


def check_base_url(url: str, *, allow_plain_http: bool = False) -> str:
    """Return `url` as the base of each call's address: without a trailing slash, and without an endpoint copied along with it.
    Of a query only Azure's `api-version` stays. Raises AddressRefused with a sentence when a provider must not have it.
    """
    url = url.strip().translate(_DOTS)
    if any(character.isspace() or ord(character) < 32 or character == "\\" for character in url):
        raise AddressRefused(_("An address holds no spaces."))
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused(_("This is not a web address.")) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise AddressRefused(_("Give an address that begins with https://, such as https://api.example.com/v1."))
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(_("Leave names and passwords out of the address; the key has a field of its own."))
    query = parse_qs(parts.query, keep_blank_values=True)
    version = query.get("api-version", [""])[0] if _DEPLOYMENT in parts.path else ""
    if parts.fragment or (parts.query and (not version or list(query) != ["api-version"] or len(query["api-version"]) > 1)):
        raise AddressRefused(_("Leave out what follows a question mark or a hash sign."))
    number = _number_of(host)
    if number is not None and is_forbidden(str(number)):
        raise AddressRefused(_("This address belongs to the machine's own network and cannot be a provider's."))
    if parts.scheme == "http" and not allow_plain_http and not is_loopback(host):
        raise AddressRefused(_("This connection would not be encrypted. Use https://, or allow it below for an internal host."))
    path = parts.path.rstrip("/")
    for tail in _TAILS:
        path = path.removesuffix(tail).rstrip("/")
    _check_azure(host, path + "/", version)
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode({"api-version": version}) if version else "", ""))
