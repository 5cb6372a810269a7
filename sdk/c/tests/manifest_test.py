"""The manifests in the module that a compiler makes of manifest_test.c.

    python3 manifest_test.py COMPILER OPTION…
"""

import json
import pathlib
import subprocess
import sys
import tempfile

SINGLE = [
    {"name": "price", "type": "f64", "default": 0.5},
    {"name": "in-stock", "type": "i64", "default": -1},
    {"name": "fresh", "type": "bool", "default": True},
    {"name": "_source.a.b", "type": "str", "default": '"quoted" \\ é'},
    {"name": "chosen", "type": "str", "from_param": "field", "optional": True},
    {"name": "lat", "type": "f64", "from_param": "field", "part": "lat"},
]
LISTS = [
    {"name": name, "type": kind, "list": True}
    for name, kind in [("bools", "bool"), ("integers", "i64"), ("floats", "f64"), ("strings", "str")]
]
PARAMS = [
    {"name": "field", "type": "str", "default": "location"},
    {"name": "flag", "type": "bool", "default": False},
    {"name": "i", "type": "i32", "required": True},
    {"name": "l", "type": "i64"},
    {"name": "gee", "type": "f32", "default": 1000.0},
    {"name": "weights", "type": "f64", "list": True, "default": [1, 2.5]},
    {"name": "words", "type": "str", "list": True, "default": ["a", "b"]},
    {"name": "none", "type": "i64", "list": True, "default": []},
    {"name": "small", "type": "i32", "list": True, "required": True},
    {"name": "singles", "type": "f32", "list": True, "required": True},
    {"name": "flags", "type": "bool", "list": True},
]


def manifest(name, version, description, kind, export, **more):
    made = {"abi": 1, "name": name, "version": version, "description": description, "kind": kind, "export": export}
    return {**made, "pure": True, "limits": {}, "inputs": [], "fields": [], "params": [], **more}


EXPECTED = [
    manifest(
        "every-thing", "1.2.3-rc.1", "all of it: «é» in two pieces", "score", "everything", pure=False, max_score=10.5,
        limits={"query_ms": 100, "instances": 2}, inputs=["score", "doc_id", "id"], fields=SINGLE + LISTS, params=PARAMS,
    ),
    manifest("plain", "1.0.0", "", "filter", "plain"),
    manifest("text", "1.0.0", "a value", "value", "text", returns="str"),
]  # fmt: skip


def leb128(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def custom_section(module, wanted):
    """The bytes of all custom sections of that name."""
    assert module[:8] == b"\0asm\1\0\0\0"
    at, found = 8, b""
    while at < len(module):
        kind = module[at]
        size, at = leb128(module, at + 1)
        end = at + size
        if kind == 0:
            length, start = leb128(module, at)
            if module[start : start + length] == wanted:
                found += module[start + length : end]
        at = end
    return found


def objects(text):
    """JSON objects one behind the other."""
    decoder, made = json.JSONDecoder(), []
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        made.append(value)
        text = text[end:]
    return made


def main():
    target = ["--target=wasm32", "-mbulk-memory", "-ffreestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all"]
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "manifest_test.wasm")
        command = [*sys.argv[1:], *target, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-I.."]
        subprocess.run([*command, "-o", out, "manifest_test.c"], check=True)
        module = out.read_bytes()
    made = objects(custom_section(module, b"diagon.udf").decode())
    assert made == EXPECTED, json.dumps(made, indent=1, ensure_ascii=False)
    print("manifest: ok")


main()
