"""Checks the bundle of a month without the app and without network. Needs nothing but Python 3.8 or newer.

    python3 check.py                  the folder in which this file lies, unpacked
    python3 check.py BUNDLE.zip       a bundle that was not unpacked

不需要本系统，也不需要网络。上面第一行检查解压后的文件夹，第二行检查压缩包。
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import zipfile
from typing import IO, Any

SUMS, MANIFEST, CHAIN = "SHA256SUMS", "manifest.json", "seals/chain.json"
FIRST = "0" * 64
CHUNK = 1 << 20


class Folder:
    """An unpacked bundle."""

    def __init__(self, path: str) -> None:
        self.path = path

    def names(self) -> list[str]:
        """All files, with / between folders."""
        found = []
        for folder, folders, files in os.walk(self.path):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in files:
                found.append(os.path.relpath(os.path.join(folder, name), self.path).replace(os.sep, "/"))
        return found

    def open(self, name: str) -> IO[bytes]:
        """The bytes of one file."""
        return open(os.path.join(self.path, *name.split("/")), "rb")


class Packed:
    """A bundle as it was taken out of the app."""

    def __init__(self, path: str) -> None:
        self.zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        """All files."""
        return [name for name in self.zip.namelist() if not name.endswith("/")]

    def open(self, name: str) -> IO[bytes]:
        """The bytes of one file."""
        return self.zip.open(name)


def check(bundle: Folder | Packed) -> tuple[list[str], dict[str, int]]:
    """What is wrong, each line beginning with the name of a file; empty when all is well. And counts."""
    names = set(bundle.names())
    lacking = [name for name in (SUMS, MANIFEST, CHAIN) if name not in names]
    if lacking:
        return [f"{name}: 缺少文件 file is missing" for name in lacking], {}
    digests: dict[str, str] = {}
    problems: list[str] = []
    for name in sorted(names - {SUMS}):
        try:
            digests[name] = digest_of(bundle, name)
        except (OSError, zipfile.BadZipFile):
            problems.append(f"{name}: 无法读取 cannot be read")
    problems += check_sums(bundle, digests, names)
    try:
        manifest = read_json(bundle, MANIFEST)
        problems += check_manifest(manifest, digests, names)
        missing = {each["sha256"] for each in manifest["missing"]}
        more, counts = check_seals(bundle, names, digests, missing)
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        return [*problems, f"{MANIFEST}: 无法读取 cannot be read ({error})"], {}
    counts["files"] = len(digests)
    counts["missing"] = len(missing)
    return problems + more, counts


def digest_of(bundle: Folder | Packed, name: str) -> str:
    """SHA-256 of one file, read piece by piece."""
    found = hashlib.sha256()
    with bundle.open(name) as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            found.update(chunk)
    return found.hexdigest()


def read_json(bundle: Folder | Packed, name: str) -> Any:
    """The content of a JSON file."""
    with bundle.open(name) as file:
        return json.loads(file.read().decode("utf-8"))


def check_sums(bundle: Folder | Packed, digests: dict[str, str], names: set[str]) -> list[str]:
    """Every file has the digest that SHA256SUMS names for it, and none is there that it does not name."""
    with bundle.open(SUMS) as file:
        lines = [line for line in file.read().decode("utf-8").splitlines() if line]
    told = {}
    for line in lines:
        digest, _two_blanks, name = line.partition("  ")
        told[name] = digest
    problems = [f"{name}: 缺少文件 file is missing" for name in sorted(set(told) - names)]
    problems += [f"{name}: 不在清单中 not in SHA256SUMS" for name in sorted(names - set(told) - {SUMS})]
    problems += [
        f"{name}: 内容已改动 content was changed (SHA-256 {digests[name]}, expected {told[name]})"
        for name in sorted(set(told) & set(digests))
        if digests[name] != told[name]
    ]
    return problems


def check_manifest(manifest: Any, digests: dict[str, str], names: set[str]) -> list[str]:
    """The manifest names the same files with the same digests; itself and the sums it cannot hold."""
    told = {each["path"]: each["sha256"] for each in manifest["files"]}
    problems = [f"{name}: manifest.json 列出但不存在 named there but missing" for name in sorted(set(told) - names)]
    unnamed = names - set(told) - {SUMS, MANIFEST}
    problems += [f"{name}: manifest.json 未列出 not named there" for name in sorted(unnamed)]
    problems += [
        f"{name}: 与 manifest.json 不符 not as manifest.json says"
        for name in sorted(set(told) & set(digests))
        if digests[name] != told[name]
    ]
    return problems


def check_seals(
    bundle: Folder | Packed, names: set[str], digests: dict[str, str], missing: set[str]
) -> tuple[list[str], dict[str, int]]:
    """The chain is unbroken from the first seal on; the sealed contents give their digests and name photos here."""
    problems: list[str] = []
    by_number: dict[int, Any] = {}
    before, expected = FIRST, 1
    for link in read_json(bundle, CHAIN)["seals"]:
        if link["number"] != expected or link["previous_digest"] != before:
            problems.append("{}: 封存链在 {} 处断开 the chain breaks here".format(CHAIN, link["number"]))
        by_number[link["number"]] = link
        before, expected = link["digest"], link["number"] + 1
    photos = {os.path.basename(name).partition(".")[0] for name in names if name.startswith("photos/")}
    contents = sorted(name for name in names if name.startswith("seals/") and name != CHAIN)
    for name in contents:
        sealed = read_json(bundle, name)
        text = sealed["previous_digest"] + "\n" + sealed["content"]
        if hashlib.sha256(text.encode("utf-8")).hexdigest() != sealed["digest"]:
            problems.append(f"{name}: 封存内容与摘要不符 the content does not give its digest")
        link = by_number.get(sealed["number"])
        if link is None or any(link[key] != sealed[key] for key in ("digest", "previous_digest", "record_id", "kind")):
            problems.append(f"{name}: 不在封存链中 not in the chain")
        for digest in sorted(files_in(json.loads(sealed["content"])) - photos - missing):
            problems.append(f"{name}: 缺少照片或签名 photo or signature is missing: {digest}")
    for name in sorted(names):
        if name.startswith("photos/") and digests.get(name) != os.path.basename(name).partition(".")[0]:
            problems.append(f"{name}: 照片已改动 the photo was changed")
    return problems, {"chain": len(by_number), "sealed": len(contents), "photos": len(photos)}


def files_in(content: Any) -> set[str]:
    """SHA-256 of every photo and signature that a sealed content names."""
    found: set[str] = set()
    if isinstance(content, dict):
        digest = content.get("sha256")
        if isinstance(digest, str) and re.match("^[0-9a-f]{64}$", digest):
            found.add(digest)
        for value in content.values():
            found |= files_in(value)
    elif isinstance(content, list):
        for value in content:
            found |= files_in(value)
    return found


def main() -> int:
    """0: all is well; 1: something is not; 2: no bundle there."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    try:
        bundle = Folder(path) if os.path.isdir(path) else Packed(path)
    except (OSError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"{path}: 不是资料包 no bundle ({error})\n")
        return 2
    problems, counts = check(bundle)
    if problems:
        for problem in problems:
            sys.stdout.write(f"✗ {problem}\n")
        sys.stdout.write(f"有 {len(problems)} 处不符 {len(problems)} problems\n")
        return 1
    sys.stdout.write(
        f"✓ 全部一致 all is well: {counts['files']} files, {counts['sealed']} sealed records, "
        f"{counts['chain']} seals in the chain, {counts['photos']} photos and signatures "
        f"({counts['missing']} were missing already)\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
