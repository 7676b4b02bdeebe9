"""Where the events of a Sigma rule come from: an event type of its own, or a condition on the one type there is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from atamo_rules.importers.sigma.document import Document
from atamo_rules.importers.sigma.trouble import Malformed
from atamo_rules.source import codes
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.yaml_nodes import Mapping
from atamo_rules.syntax.yaml_scalars import Scalar

SYSMON = "Microsoft-Windows-Sysmon/Operational"
_POWERSHELL = "Microsoft-Windows-PowerShell/Operational"
CATEGORIES: dict[str, tuple[str, tuple[int, ...]]] = {
    "process_creation": (SYSMON, (1,)),
    "file_change": (SYSMON, (2,)),
    "network_connection": (SYSMON, (3,)),
    "sysmon_status": (SYSMON, (4, 16)),
    "process_termination": (SYSMON, (5,)),
    "driver_load": (SYSMON, (6,)),
    "image_load": (SYSMON, (7,)),
    "create_remote_thread": (SYSMON, (8,)),
    "raw_access_thread": (SYSMON, (9,)),
    "process_access": (SYSMON, (10,)),
    "file_event": (SYSMON, (11,)),
    "registry_add": (SYSMON, (12,)),
    "registry_delete": (SYSMON, (12,)),
    "registry_set": (SYSMON, (13,)),
    "registry_rename": (SYSMON, (14,)),
    "registry_event": (SYSMON, (12, 13, 14)),
    "create_stream_hash": (SYSMON, (15,)),
    "pipe_created": (SYSMON, (17, 18)),
    "wmi_event": (SYSMON, (19, 20, 21)),
    "dns_query": (SYSMON, (22,)),
    "file_delete": (SYSMON, (23, 26)),
    "clipboard_change": (SYSMON, (24,)),
    "process_tampering": (SYSMON, (25,)),
    "file_block_executable": (SYSMON, (27,)),
    "file_block_shredding": (SYSMON, (28,)),
    "file_executable_detected": (SYSMON, (29,)),
    "sysmon_error": (SYSMON, (255,)),
    "ps_module": (_POWERSHELL, (4103,)),
    "ps_script": (_POWERSHELL, (4104,)),
    "ps_classic_start": ("Windows PowerShell", (400,)),
    "ps_classic_provider_start": ("Windows PowerShell", (600,)),
}
"""Windows' categories: the channel of the event log that Sysmon or PowerShell writes them to, and under which ids."""
SERVICES: dict[str, tuple[str, ...]] = {
    "application": ("Application",),
    "applocker": (
        "Microsoft-Windows-AppLocker/EXE and DLL",
        "Microsoft-Windows-AppLocker/MSI and Script",
        "Microsoft-Windows-AppLocker/Packaged app-Deployment",
        "Microsoft-Windows-AppLocker/Packaged app-Execution",
    ),
    "appmodel-runtime": ("Microsoft-Windows-AppModel-Runtime/Admin",),
    "appxdeployment-server": ("Microsoft-Windows-AppXDeploymentServer/Operational",),
    "appxpackaging-om": ("Microsoft-Windows-AppxPackaging/Operational",),
    "bits-client": ("Microsoft-Windows-Bits-Client/Operational",),
    "capi2": ("Microsoft-Windows-CAPI2/Operational",),
    "certificateservicesclient-lifecycle-system": (
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",
    ),
    "codeintegrity-operational": ("Microsoft-Windows-CodeIntegrity/Operational",),
    "diagnosis-scripted": ("Microsoft-Windows-Diagnosis-Scripted/Operational",),
    "dns-client": ("Microsoft-Windows-DNS Client Events/Operational",),
    "dns-server": ("DNS Server",),
    "dns-server-analytic": ("Microsoft-Windows-DNS-Server/Analytical",),
    "driver-framework": ("Microsoft-Windows-DriverFrameworks-UserMode/Operational",),
    "firewall-as": ("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",),
    "iis-configuration": ("Microsoft-IIS-Configuration/Operational",),
    "ldap": ("Microsoft-Windows-LDAP-Client/Debug",),
    "lsa-server": ("Microsoft-Windows-LSA/Operational",),
    "microsoft-servicebus-client": ("Microsoft-ServiceBus-Client",),
    "msexchange-management": ("MSExchange Management",),
    "ntlm": ("Microsoft-Windows-NTLM/Operational",),
    "openssh": ("OpenSSH/Operational",),
    "powershell": (_POWERSHELL,),
    "powershell-classic": ("Windows PowerShell",),
    "printservice-admin": ("Microsoft-Windows-PrintService/Admin",),
    "printservice-operational": ("Microsoft-Windows-PrintService/Operational",),
    "security": ("Security",),
    "security-mitigations": (
        "Microsoft-Windows-Security-Mitigations/Kernel Mode",
        "Microsoft-Windows-Security-Mitigations/User Mode",
    ),
    "shell-core": ("Microsoft-Windows-Shell-Core/Operational",),
    "smbclient-connectivity": ("Microsoft-Windows-SmbClient/Connectivity",),
    "smbclient-security": ("Microsoft-Windows-SmbClient/Security",),
    "smbserver-connectivity": ("Microsoft-Windows-SMBServer/Connectivity",),
    "sysmon": (SYSMON,),
    "system": ("System",),
    "taskscheduler": ("Microsoft-Windows-TaskScheduler/Operational",),
    "terminalservices-localsessionmanager": (
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
    ),
    "vhdmp": ("Microsoft-Windows-VHDMP/Operational",),
    "windefend": ("Microsoft-Windows-Windows Defender/Operational",),
    "wmi": ("Microsoft-Windows-WMI-Activity/Operational",),
}
"""Windows' services: the channels of the event log that they write to."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """What Sigma calls a log source; an empty part is not given."""

    product: str
    category: str
    service: str
    span: Span

    @property
    def name(self) -> str:
        """The event type of its own: `windows.process_creation`, `proxy`."""
        parts = [part for part in (self.product, self.category, self.service) if part]
        return ".".join(_DOTTED.sub("_", part) for part in parts)

    @property
    def about(self) -> str:
        """The log source in words."""
        parts = {"product": self.product, "category": self.category, "service": self.service}
        return "Sigma's log source: " + ", ".join(f"{name} {part}" for name, part in parts.items() if part)


_DOTTED = re.compile(r"[^A-Za-z0-9_\-.]+")


def log_source(document: Document) -> LogSource:
    """The log source of a rule. Raises Malformed when it names none."""
    node = document.entries["logsource"]
    assert isinstance(node, Mapping)
    given: dict[str, str] = {}
    for key, value in node.entries:
        if key.text in ("product", "category", "service"):
            if not isinstance(value, Scalar):
                raise Malformed(codes.YAML_SHAPE, value.span, f"`{key.text}` is a word")
            given[key.text] = value.text.strip().lower()
    if not any(given.values()):
        message = "a log source has a `product`, a `category` or a `service`"
        raise Malformed(codes.YAML_SHAPE, node.span, message)
    return LogSource(given.get("product", ""), given.get("category", ""), given.get("service", ""), node.span)


def told_by_fields(source: LogSource, root: str = "event") -> tuple[tree.Expr, ...]:
    """What an event of this log source has in its fields, where all events are of one type.

    A Windows event names the channel of the event log that it was read from, and its id there. What comes from
    elsewhere names no channel. `root` is what the event is called where the conditions stand.
    """
    span = source.span
    channel = _field(root, "Channel", span)
    if source.product != "windows":
        return (tree.State("is absent", channel, span=span),)
    channel_of_category, ids = CATEGORIES.get(source.category, ("", ()))
    names = SERVICES.get(source.service) or ((channel_of_category,) if channel_of_category else ())
    if not names:
        return (tree.State("is present", channel, span=span),)
    parts = [_among(channel, names, span, folds=True)]
    if ids:
        parts.append(_among(_field(root, "EventID", span), [str(id) for id in ids], span, folds=False))
    return tuple(parts)


def _field(root: str, name: str, span: Span) -> tree.Path:
    return tree.Path((tree.Step(root, span=span), tree.Step(name, span=span)), span=span)


def _among(field: tree.Path, values: Sequence[str], span: Span, *, folds: bool) -> tree.Expr:
    texts = tuple(tree.Literal(value, span=span) for value in values)
    if len(texts) == 1:
        return tree.Compare("is", field, texts[0], "", folds, span=span)
    return tree.Compare("is one of", field, tree.ListValue(texts, span=span), "", folds, span=span)
