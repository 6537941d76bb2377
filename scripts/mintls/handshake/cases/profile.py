"""The profile that mints what cases present (pure)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from mintls.handshake.cases.case import Case, Settings, Verifier, fill
from mintls.profile.load import build_profile
from mintls.profile.model import Profile

PROFILE = "catalogue"  # its name
DEFAULTS: Settings = {"key": "ec:P-256", "days": 90}


def profile_of(valid: Mapping[str, Mapping[str, Settings]], cases: Iterable[Case], now: datetime) -> Profile:
    """The profile of every credential that the cases need. Raises ProfileError.

    `valid`: the entries of the valid ones, by section of the profile.
    """
    entries = {section: dict(settings) for section, settings in valid.items()}
    root = entries["authorities"]["ca"]
    for case in cases:
        for verifier in case.verifiers:
            for name, settings in case.authorities.items():
                entries["authorities"][fill(name, verifier)] = _settled(settings, case, verifier, now, root)
            if case.leaf is not None:
                section, role = entries[f"{verifier.presents}s"], verifier.presents
                name_of_its_own = {"subject": {"CN": f"{case.id} {role}"}}
                differs = _settled(case.leaf, case, verifier, now, root)
                section[case.credential(verifier)] = {**section[role], **name_of_its_own, **differs}
    return build_profile({"version": 1, "defaults": DEFAULTS, **entries}, "the catalogue", PROFILE)


def _names(name: str) -> dict[str, str]:
    """What stands for the name of a case, and for names near it, in settings: see cases/names.py."""
    _, _, parent = name.partition(".")
    octets = name.encode() + b"\0.other.example"
    general_name = bytes((0x82, len(octets))) + octets  # RFC 5280 section 4.2.1.6: dNSName [2] IA5String
    return {
        "{name}": name,
        "{parent}": parent,
        "{above}": parent.partition(".")[2],
        "{capitals}": name.upper(),
        "{nul_san}": (bytes((0x30, len(general_name))) + general_name).hex(),
    }


def _settled(settings: Settings, case: Case, verifier: Verifier, now: datetime, root: Settings) -> Settings:
    """The settings with names, roles and the root's own filled in and the times in the syntax of a profile."""
    names = _names(case.name)

    def settled(value: object) -> object:
        match value:
            case str():
                for placeholder, name in names.items() if "{" in value else ():
                    value = value.replace(placeholder, name)
                return fill(value, verifier)
            case timedelta():
                return f"{now + value:%Y-%m-%dT%H:%M:%SZ}"
            case Mapping():
                return {key: settled(item) for key, item in value.items()}
            case list():
                return [settled(item) for item in value]
        return value

    return {key: root[key] if value == "{ca}" else settled(value) for key, value in settings.items()}
