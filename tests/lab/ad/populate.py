#!/usr/bin/python3
"""What is in the directory, by python3-samba, also while the DC runs: populate.py FOLDER all | set NAME ATTRIBUTE [VALUE...] |
get NAME ATTRIBUTE | password NAME PASSWORD | member GROUP NAME | group NAME TYPE | rename NAME NEW | crowd NAME COUNT |
sid NAME | groups NAME (SIDs, nested ones too).

Debian's Python, because samba's module is its own."""

import sys

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.dsdb import DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

RC4, AES = "4", "24"  # msDS-SupportedEncryptionTypes (MS-KILE 2.2.7)
LONG_AGO = "116444736000000000"  # 1970, in the 100 ns since 1601

# Accounts: name -> (password, attributes).
ACCOUNTS = {
    "svc-sfbmon": ("Monitor-1ng", {}),
    "wrong-password": ("Monitor-1ng", {}),  # for who gives another one: it may lock the account
    "disabled": ("Monitor-1ng", {"userAccountControl": ["514"]}),
    "expired": ("Monitor-1ng", {"accountExpires": [LONG_AGO]}),
    "must-change": ("Monitor-1ng", {"pwdLastSet": ["0"]}),
    "locked": ("Monitor-1ng", {}),  # by directory.lock
    "only-rc4": ("Monitor-1ng", {}),  # without AES keys, as an account whose password is older than they are
    "only-aes": ("Monitor-1ng", {"msDS-SupportedEncryptionTypes": [AES]}),  # it still has an RC4 key: see `kdc supported enctypes`
    "other-upn": ("Monitor-1ng", {"userPrincipalName": ["sfb.monitor@example.net"]}),
    "changing": ("Monitor-1ng", {}),  # whose key changes while others run
    # Callers of our own door.
    "alice": ("Monitor-1ng", {}),  # a member
    "bob": ("Monitor-1ng", {}),  # a member of a member, and of a group local to the domain
    "carol": ("Monitor-1ng", {}),  # of nothing
    "crowd": ("Monitor-1ng", {}),  # of many groups, where a test makes them
    # Services, as the front ends' computer accounts.
    "fe-localhost": ("Front-End-1", {"servicePrincipalName": ["HTTP/localhost", "WSMAN/localhost"], "msDS-SupportedEncryptionTypes": [AES]}),
    "fe-rc4": ("Front-End-1", {"servicePrincipalName": ["HTTP/rc4.litwareinc.com"], "msDS-SupportedEncryptionTypes": [RC4]}),
    "fe-aes": ("Front-End-1", {"servicePrincipalName": ["HTTP/aes.litwareinc.com"], "msDS-SupportedEncryptionTypes": [AES]}),
    # Says nothing about its enctypes: `kdc default domain supported enctypes` decides.
    "fe-default": ("Front-End-1", {"servicePrincipalName": ["HTTP/default.litwareinc.com"]}),
    "fe-changing": ("Front-End-1", {"servicePrincipalName": ["HTTP/changing.litwareinc.com"], "msDS-SupportedEncryptionTypes": [AES]})}
UNIVERSAL = ("RTCUniversalServerAdmins", "CSAdministrator", "TierZero")
NO_EXPIRY = {"must-change", "expired"}  # for these it would undo what they are there for


def find(db, name, attributes=()):
    return db.search(expression=f"(sAMAccountName={name})", attrs=list(attributes))[0]


def put(db, name, attribute, values):
    message = ldb.Message(find(db, name).dn)
    message[attribute] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, attribute)
    db.modify(message)


def take_aes_keys(db, name):
    message = ldb.Message(find(db, name).dn)
    message["keys"] = ldb.MessageElement([], ldb.FLAG_MOD_DELETE, "supplementalCredentials")
    db.modify(message, controls=[f"local_oid:{DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID}:0"])


def fill(db):
    db.transaction_start()
    domain = ldb.Message(ldb.Dn(db, db.domain_dn()))
    # Three wrong passwords lock an account, for half an hour.
    domain["lockoutThreshold"] = ldb.MessageElement("3", ldb.FLAG_MOD_REPLACE, "lockoutThreshold")
    db.modify(domain)
    for group in UNIVERSAL:
        db.newgroup(group, grouptype=-2147483640)
    db.newgroup("SfbLocal", grouptype=-2147483644)
    for name, (password, attributes) in ACCOUNTS.items():
        db.newuser(name, password)
        if name not in NO_EXPIRY:
            db.setexpiry(f"(sAMAccountName={name})", 0, no_expiry_req=True)
        for attribute, values in attributes.items():
            put(db, name, attribute, values)
    take_aes_keys(db, "only-rc4")
    for group, members in (("RTCUniversalServerAdmins", ["svc-sfbmon", "alice", "CSAdministrator"]), ("CSAdministrator", ["TierZero"]),
                           ("TierZero", ["bob"]), ("SfbLocal", ["bob"])):
        db.add_remove_group_members(group, members, add_members_operation=True)
    # The DC's own name for LDAP, which its DNS updates would register.
    spns = [str(value) for value in find(db, "DC1$", ["servicePrincipalName"])["servicePrincipalName"]]
    put(db, "DC1$", "servicePrincipalName", [*spns, "ldap/dc1.litwareinc.com", "ldap/localhost"])
    db.transaction_commit()


def crowd(db, name, count):
    """Puts the account into that many universal groups of its own."""
    member = str(find(db, name).dn)
    db.transaction_start()
    for number in range(count):
        group = f"crowd-{number}"
        db.add({"dn": f"CN={group},CN=Users,{db.domain_dn()}", "objectClass": "group", "sAMAccountName": group, "groupType": "-2147483640",
                "member": member})
    db.transaction_commit()


def main(folder, act, *arguments):
    settings = LoadParm()
    settings.load(f"{folder}/etc/smb.conf")
    db = SamDB(url=f"{folder}/private/sam.ldb", session_info=system_session(), lp=settings)
    if act == "all":
        fill(db)
    elif act == "set":
        put(db, arguments[0], arguments[1], list(arguments[2:]))
    elif act == "get":
        found = find(db, arguments[0], [arguments[1]])
        print("\n".join(str(value) for value in found.get(arguments[1], [])))
    elif act == "password":
        db.setpassword(f"(sAMAccountName={arguments[0]})", arguments[1])
    elif act == "member":
        db.add_remove_group_members(arguments[0], [arguments[1]], add_members_operation=True)
    elif act == "group":
        db.newgroup(arguments[0], grouptype=int(arguments[1]))
    elif act == "rename":
        put(db, arguments[0], "sAMAccountName", [arguments[1]])
    elif act == "crowd":
        crowd(db, arguments[0], int(arguments[1]))
    elif act == "sid":
        print(ndr_unpack(security.dom_sid, find(db, arguments[0], ["objectSid"])["objectSid"][0]))
    elif act == "groups":
        dn = find(db, arguments[0]).dn
        for sid in db.search(base=dn, scope=ldb.SCOPE_BASE, attrs=["tokenGroups"])[0]["tokenGroups"]:
            print(ndr_unpack(security.dom_sid, sid))


main(*sys.argv[1:])
