"""What the soak hands in: documents and photos that follow from a seed, so that both ends can be compared."""

from __future__ import annotations

import base64
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import select

from tests.inspections.documents import filled, picture
from webapp.assets.models import Asset
from webapp.checklists.queries import version_for
from webapp.extensions import db
from webapp.kit.canonical import sha256_hex
from webapp.people.models import Person
from webapp.sites.models import Site

PEOPLE = {"tech": "SG", "tech2": "FT"}  # two people, two tablets, two sites
MOST_ASSETS = 12  # of a site
NOTES = 0.2  # the share of free notes; the others are inspections
PHOTO_BYTES = (8_000, 60_000)
START, COMMENT, LONGEST_COMMENT = b"\xff\xd8", b"\xff\xfe", 65_533  # of a JPEG
WORDS = ("通风不足", "线缆松动", "风扇有异响", "fan noise", "温度 61.5 ℃", "待更换", "a & b = c + 100%", "无异常")


@dataclass(frozen=True)
class Photo:
    """A JPEG of random bytes: `data` is made anew each time, 1,500 of them need not be in memory."""

    id: str
    item: str
    seed: str

    @property
    def data(self) -> bytes:
        dice = random.Random(self.seed)
        left = dice.randint(*PHOTO_BYTES)
        comments = []
        while left > 0:
            text = dice.randbytes(min(left, LONGEST_COMMENT))
            comments.append(COMMENT + (len(text) + 2).to_bytes(2, "big") + text)
            left -= len(text)
        return START + b"".join(comments) + PLAIN[len(START) :]

    @property
    def sha256(self) -> str:
        return sha256_hex(self.data)


@dataclass
class Paper:
    """One document as a page hands it in; the fields are the form's, in its order."""

    id: str
    kind: str
    title: str
    url: str
    fields: list[tuple[str, str]]
    text: str  # what somebody wrote into it
    photos: list[Photo] = field(default_factory=list)

    def as_submitted(self, user: str) -> dict[str, Any]:
        """What the page's `submit` takes."""
        more = {"asset": "", "page": "/outbox", "next": "/outbox", "facts": {}}
        described = {"id": self.id, "user": user, "kind": self.kind, "title": self.title, "url": self.url}
        return {**described, "fields": self.fields, "files": [photo.id for photo in self.photos], **more}

    def photos_as_text(self) -> list[dict[str, str]]:
        """The photos for the way into the page."""
        return [
            {"id": photo.id, "item": photo.item, "data": base64.b64encode(photo.data).decode()} for photo in self.photos
        ]


PLAIN = picture("teal", (64, 48))


def papers_for(app: Flask, username: str, count: int, photos: int, seed: str) -> list[Paper]:
    """The documents of one person with `photos` each, in the order of handing in."""
    dice = random.Random(f"{seed}/{username}")
    with app.test_request_context():
        site = db.session.scalars(select(Site).where(Site.code == PEOPLE[username])).one()
        assets = [asset for asset in db.session.scalars(_assets_of(site)) if version_for(asset)]
        forms = [(asset.name, filled(asset)) for asset in dice.sample(assets, min(len(assets), MOST_ASSETS))]
        return [_paper(dice, forms, site.id, photos, f"{seed}/{username}/{nth}") for nth in range(count)]


def person_id(app: Flask, username: str) -> str:
    with app.app_context():
        return str(db.session.scalars(select(Person.id).where(Person.username == username)).one())


def _assets_of(site: Site) -> Any:
    return select(Asset).where(Asset.site_id == site.id).order_by(Asset.code)


def _paper(
    dice: random.Random, forms: list[tuple[str, dict[str, Any]]], site: uuid.UUID, photos: int, seed: str
) -> Paper:
    text = f"{seed} {dice.choice(WORDS)}"
    paper_id = _uuid(dice)
    if dice.random() < NOTES:
        paper = Paper(paper_id, "note", "note", f"/notes/{paper_id}", [("site", str(site)), ("text", text)], text)
        item = ""
    else:
        name, form = dice.choice(forms)
        fields = [(key, str(value)) for key, value in form.items()]
        paper = Paper(paper_id, "inspection", name, f"/inspections/{paper_id}", [*fields, ("advice", text)], text)
        item = next(key for key in form if key.startswith("a.")).removeprefix("a.")
    for nth in range(photos):
        photo = Photo(_uuid(dice), item, f"{seed}/{nth}")
        paper.photos.append(photo)
        paper.fields.append((f"photo.{item}" if item else "photo", photo.id))
    return paper


def _uuid(dice: random.Random) -> str:
    return str(uuid.UUID(bytes=dice.randbytes(16), version=4))
