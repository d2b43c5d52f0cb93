"""What somebody may send as baggage who means no good. What is made up carries MARK, so that it is found."""

MARK = "zzhostile"

HOSTILE: dict[str, list[bytes]] = {
    "an entry of 10,000 bytes": [b"user.note=" + MARK.encode() * 1_111],
    "200 entries": [b",".join(b"zzhostile.%d=1" % n for n in range(200))],
    "an entry that is allowed, behind 200 others": [
        b",".join(b"zzhostile.%d=1" % n for n in range(200)) + b",shop.seat=seat-7"
    ],
    "a property": [b"shop.seat=seat-7;note=zzhostile"],
    "an encoded line break": [b"shop.seat=seat-7%0d%0ax-zzhostile:%201"],
    "an encoded name": [b"%73hop.customer.tier=gold"],
    "the header three times": [b"user.email=zzhostile@example.com", b"zzhostile=1", b"shop.seat=ZZHOSTILE"],
    "a tier nobody gave": [b"shop.customer.tier=gold"],
    "values that are not allowed": [b"shop.synthetic=zzhostile,shop.seat=ZZHOSTILE"],
    "a seat that is too long": [b"shop.seat=zzhostile-zzhostile"],
    "a card's number as a seat": [b"shop.seat=4111111111111111"],
    "bytes that are no ASCII": ["shop.seat=zzhostilé".encode(), b"shop.seat=zzhostile\xff\xfe"],
    "encoded bytes that are no ASCII": [b"shop.seat=zzhostile%E2%98%83", b"shop.seat=%ff%fe"],
    "a program": [b"shop.seat=%3Cscript%3Ezzhostile%3C/script%3E"],
    "no baggage at all": [b"=,;,==,zzhostile"],
}
