"""How often one address may ask about seals: enough for people, too little for guessing or for wearing out the disk."""

from __future__ import annotations

from webapp.kit.limits import Limit

PER_MINUTE = 30
MOST_ADDRESSES = 2000
asked = Limit(PER_MINUTE, 60, MOST_ADDRESSES)
