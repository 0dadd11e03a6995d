"""The store: whole files or none, found by their digest."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from webapp.files.store import Store


def test_bytes_come_back_as_they_were_put(tmp_path: Path):
    store = Store(tmp_path)
    name = store.put(b"evidence")
    assert name == sha256(b"evidence").hexdigest()
    assert store.exists(name)
    assert store.read(name) == b"evidence"
    assert (tmp_path / name[:2] / name[2:4] / name).is_file()


def test_the_same_bytes_lie_there_once(tmp_path: Path):
    store = Store(tmp_path)
    assert store.put(b"evidence") == store.put(b"evidence")
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 1


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="disk full"):
        Store(tmp_path).put(b"evidence")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_bytes_reach_the_disk_before_their_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: done.append("fsync"))
    rename = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("rename"), rename(*names)))
    Store(tmp_path).put(b"evidence")
    assert done == ["fsync", "rename", "fsync"]


def test_a_version_for_showing_is_made_once(tmp_path: Path):
    store, made = Store(tmp_path), []
    name = store.put(b"evidence")
    for _turn in range(2):
        assert store.served(name, "thumbnail", lambda raw: (made.append(raw), b"small")[1]) == b"small"
    assert made == [b"evidence"]
    assert store.read(name) == b"evidence"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_only_digests_are_names(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="no SHA-256"):
        Store(tmp_path).read(name)


def test_a_folder_that_cannot_be_written_is_noticed(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Store(tmp_path / "file").check()
