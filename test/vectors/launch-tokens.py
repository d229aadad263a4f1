# Makes launch-tokens.json: launch tokens by code that is not the service's. Needs the package cryptography.
#     python3 test/vectors/launch-tokens.py > test/vectors/launch-tokens.json
import json
import string
from struct import pack

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
KEYS = {
    "a1b2c3d4": bytes(range(32)),
    "0f1e2d3c": b"\xff" * 32,
    "00000000": bytes(range(32, 64)),
    "ffffffff": bytes(range(64, 96)),
}
CHRISTMAS_EVE = 1_798_106_400  # 2026-12-24T10:00:00Z


def base62(frame, digits=DIGITS):
    number, text = int.from_bytes(frame, "big"), ""
    while number:
        number, digit = divmod(number, 62)
        text = digits[digit] + text
    return text


def frame(key_id, uid, expires_at, language="", *, iv, version=1, key=None, associated=None):
    head = bytes([version]) + bytes.fromhex(key_id)
    claims = pack(">IB", expires_at, len(language)) + language.encode() + uid.encode()
    sealed = AESGCM(key or KEYS[key_id]).encrypt(iv, claims, head if associated is None else associated)
    return head + iv + sealed


def vector(key_id, uid, expires_at, language=None, *, iv):
    token = base62(frame(key_id, uid, expires_at, language or "", iv=iv))
    claims = {"uid": uid, "expiresAt": expires_at, **({"language": language} if language else {})}
    return {"keyId": key_id, "ivHex": iv.hex(), "claims": claims, "token": token}


one = {"key_id": "a1b2c3d4", "uid": "ABCDE-12345A", "expires_at": CHRISTMAS_EVE, "iv": bytes(range(12))}
good = frame(**one)
refused = {
    "version 0": base62(frame(**one, version=0)),
    "version 2": base62(frame(**one, version=2)),
    "another key": base62(frame(**one, key=KEYS["ffffffff"])),
    "half of the key": base62(frame(**one, key=KEYS["a1b2c3d4"][:16])),
    "a key id that is not authenticated": base62(frame(**one, associated=b"\x01")),
    "an unknown key id": base62(frame(**{**one, "key_id": "12345678"}, key=KEYS["a1b2c3d4"])),
    "an IV of 16 bytes": base62(frame(**{**one, "iv": bytes(range(16))})),
    "a tag of 15 bytes": base62(good[:-1]),
    "a byte more": base62(good + b"\0"),
    "a digit 0 before it": "0" + base62(good),
    "another order of the digits": base62(good, string.digits + string.ascii_lowercase + string.ascii_uppercase),
    "no ciphertext": base62(good[:17] + good[-16:]),
}
document = {
    "source": "Made by launch-tokens.py with Python's cryptography. Keys and ids are made up.",
    "keys": {key_id: key.hex() for key_id, key in KEYS.items()},
    "tokens": [
        vector("a1b2c3d4", "ABCDE-12345A", CHRISTMAS_EVE, iv=bytes(range(12))),
        vector("a1b2c3d4", "QWERT-67890-XY", CHRISTMAS_EVE, "pt-BR", iv=bytes(range(12, 24))),
        vector("0f1e2d3c", "ABCDE", 0, iv=b"\0" * 12),
        vector("00000000", "abcde", 60, "es", iv=b"\xff" * 12),
        vector("ffffffff", "a" * 60, 2**32 - 1, "zh-Hant-419", iv=b"\xfe" * 12),
    ],
    "refused": refused,
}
print(json.dumps(document, indent=2))
