"""A subject whose keys and index rows were destroyed (RELIABILITY.md R15)."""

from __future__ import annotations

from base64 import b64encode

import pytest

from engine.errors import YingfanError
from tests.services.acts import CONTACT, VISIT
from tests.services.conftest import House
from tests.storage.keeping import files, written

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")


def forms(text: str) -> set[bytes]:
    """How a text may lie in a file: in each encoding, and that as base64 from each of three places, or as hex."""
    found = set()
    for encoding in ENCODINGS:
        plain = text.encode(encoding)
        found |= {plain, plain.hex().encode(), plain.hex().upper().encode()}
        for at in range(3):
            # What stands before and behind shares a sign with the text: those signs are left out.
            whole = b64encode(bytes(at) + plain)
            found.add(whole[-(-8 * at // 6) : (8 * (at + len(plain))) // 6])
    return found


class TestErased:
    """One child of two, erased."""

    def test_the_search_would_find_it(self) -> None:
        """The byte search finds a text in every form, wherever in a file it lies."""
        for text in ("欧阳小明", "990101201305040014"):
            for encoding in ENCODINGS:
                for before in (b"", b"{", b"ab", b"..."):
                    plain = before + text.encode(encoding) + b"tail"
                    for file in (plain, b64encode(plain), plain.hex().encode()):
                        assert any(each in file for each in forms(text))

    def test_nobody_finds(
        self, house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Chains verify, no search and no byte search finds the child, nobody opens its case; the other is as before."""
        gone, stays = house.cases(2)
        for number in (gone, stays):
            house.act("school", number, "contact_family", **CONTACT)
            house.act("township", number, "record_visit", **VISIT)
        archive = house.app.archive
        with archive.read() as uow:
            about = uow.index.subjects_of((gone, stays))
            profile, other = uow.subjects.get(about[gone]), uow.subjects.get(about[stays])
        phones = [str(each["phone"]) for each in profile["guardians"]]
        said = [str(VISIT["reasons"]), str(VISIT["child_words"])]
        secrets = [str(profile["name"]), str(profile["id_number"]), str(profile["register_no"]), *phones]
        house.app.timers.sweep()
        house.app.archive.upkeep.back_up(house.app.settings.data / "after", now=house.clock.now())
        assert all(house.app.search.exact(text, "auditor") for text in secrets[:3])
        assert archive.erase(about[gone]) >= 3
        assert house.app.audit.verify() == ()
        assert [[]] * len(secrets) == [
            [hit for hit in house.app.search.exact(text, "auditor") if hit.case == gone] for text in secrets
        ]
        assert [stays] == [hit.case for hit in house.app.search.exact(str(other["id_number"]), "auditor")]
        logged = caplog.text.encode() + "".join(capsys.readouterr()).encode()
        data = b"\n".join([*files(house.app.settings.data), *written(archive), logged])
        assert [] == [text for text in [*filter(None, secrets), *said] for each in forms(text) if each in data]
        with pytest.raises(YingfanError):
            house.app.cases.show(gone, "auditor")
        assert house.app.cases.show(stays, "auditor").chain_ok
        # The checks say of its case that there is no key, and rightly.
        assert [f"{gone}：没有密钥"] == archive.invariants()
        house.spoiled = True
