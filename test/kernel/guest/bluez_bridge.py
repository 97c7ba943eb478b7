#!/usr/bin/python3
"""BlueZ's D-Bus interfaces as lines of JSON: requests come on standard input, answers and events go to standard output.

A request is {"id": 1, "do": "call", ...}; its answer has the same id and a "result" or an "error". What happens by
itself is {"event": ...}. A value of D-Bus whose type cannot be seen is a pair, ["q", 5].
"""

import json
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

BLUEZ = "org.bluez"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
SERVICE = "org.bluez.GattService1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
DESCRIPTOR = "org.bluez.GattDescriptor1"
ADVERTISEMENT = "org.bluez.LEAdvertisement1"
AGENT = "org.bluez.Agent1"

TYPES = {
    "b": dbus.Boolean,
    "y": dbus.Byte,
    "n": dbus.Int16,
    "q": dbus.UInt16,
    "i": dbus.Int32,
    "u": dbus.UInt32,
    "s": dbus.String,
    "o": dbus.ObjectPath,
    "ay": lambda value: dbus.Array([dbus.Byte(octet) for octet in value], signature="y"),
    "as": lambda value: dbus.Array(value, signature="s"),
    "a{qv}": lambda value: dbus.Dictionary(
        {dbus.UInt16(int(key)): variant(each) for key, each in value.items()}, signature="qv"
    ),
    "a{yv}": lambda value: dbus.Dictionary(
        {dbus.Byte(int(key)): variant(each) for key, each in value.items()}, signature="yv"
    ),
    "a{sv}": lambda value: dbus.Dictionary(
        {key: variant(each) for key, each in value.items()}, signature="sv"
    ),
}


def variant(pair):
    kind, value = pair
    return TYPES[kind](value)


def typed(signature, values):
    parts = [str(part) for part in dbus.Signature(signature)]
    made = []
    for part, value in zip(parts, values):
        if part == "v":
            made.append(variant(value))
        elif part in TYPES:
            made.append(TYPES[part](value))
        else:
            raise ValueError(f"no such type here: {part}")
    return made


def plain(value):
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, (dict, dbus.Dictionary)):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, bytes)):
        return [plain(each) for each in value]
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    return None if value is None else str(value)


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Refusal(dbus.DBusException):
    def __init__(self, name, message="refused"):
        super().__init__(message)
        self._dbus_error_name = name


class Questions:
    """What BlueZ asks, until the other side has answered."""

    def __init__(self):
        self.open = {}
        self.last = 0

    def ask(self, method, arguments, reply, refuse):
        self.last += 1
        self.open[self.last] = (reply, refuse)
        say({"event": "asked", "question": self.last, "method": method, "arguments": plain(arguments)})

    def answer(self, question, value, error):
        reply, refuse = self.open.pop(question)
        if error is not None:
            refuse(Refusal(error))
        elif value is None:
            reply()
        else:
            reply(*typed(value[0], [value[1]]))


QUESTIONS = Questions()


class Agent(dbus.service.Object):
    def _ask(self, method, arguments, reply, refuse):
        QUESTIONS.ask(method, arguments, reply, refuse)

    @dbus.service.method(AGENT, in_signature="", out_signature="")
    def Release(self):
        say({"event": "told", "method": "Release", "arguments": []})

    @dbus.service.method(AGENT, in_signature="", out_signature="")
    def Cancel(self):
        say({"event": "told", "method": "Cancel", "arguments": []})

    @dbus.service.method(AGENT, in_signature="ouq", out_signature="")
    def DisplayPasskey(self, device, passkey, entered):
        say({"event": "told", "method": "DisplayPasskey", "arguments": plain([device, passkey, entered])})

    @dbus.service.method(AGENT, "o", "u", async_callbacks=("reply", "refuse"))
    def RequestPasskey(self, device, reply, refuse):
        self._ask("RequestPasskey", [device], reply, refuse)

    @dbus.service.method(AGENT, "ou", "", async_callbacks=("reply", "refuse"))
    def RequestConfirmation(self, device, passkey, reply, refuse):
        self._ask("RequestConfirmation", [device, passkey], reply, refuse)

    @dbus.service.method(AGENT, "o", "", async_callbacks=("reply", "refuse"))
    def RequestAuthorization(self, device, reply, refuse):
        self._ask("RequestAuthorization", [device], reply, refuse)

    @dbus.service.method(AGENT, "os", "", async_callbacks=("reply", "refuse"))
    def AuthorizeService(self, device, uuid, reply, refuse):
        self._ask("AuthorizeService", [device, uuid], reply, refuse)


class Exported(dbus.service.Object):
    """An object with the properties of one interface."""

    def __init__(self, bus, path, interface, properties):
        super().__init__(bus, path)
        self.path = path
        self.interface = interface
        self.properties = {name: variant(pair) for name, pair in properties.items()}

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, _interface, name):
        return self.properties[name]

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, _interface):
        return dbus.Dictionary(self.properties, signature="sv")

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass


class Advertisement(Exported):
    @dbus.service.method(ADVERTISEMENT, in_signature="", out_signature="")
    def Release(self):
        say({"event": "released", "path": self.path})


class Attribute(Exported):
    """A characteristic or a descriptor, whose value is kept here."""

    def __init__(self, bus, path, interface, properties, value):
        super().__init__(bus, path, interface, properties)
        self.value = bytes(value)

    def read(self, options):
        say({"event": "read", "path": self.path, "options": plain(options)})
        return dbus.Array(self.value[int(options.get("offset", 0)) :], signature="y")

    def write(self, value, options):
        offset = int(options.get("offset", 0))
        self.value = self.value[:offset] + bytes(value) if offset else bytes(value)
        say({"event": "written", "path": self.path, "value": list(self.value), "options": plain(options)})


class Characteristic(Attribute):
    @dbus.service.method(CHARACTERISTIC, in_signature="a{sv}", out_signature="ay")
    def ReadValue(self, options):
        return self.read(options)

    @dbus.service.method(CHARACTERISTIC, in_signature="aya{sv}", out_signature="")
    def WriteValue(self, value, options):
        self.write(value, options)

    @dbus.service.method(CHARACTERISTIC, in_signature="", out_signature="")
    def StartNotify(self):
        say({"event": "subscribed", "path": self.path})

    @dbus.service.method(CHARACTERISTIC, in_signature="", out_signature="")
    def StopNotify(self):
        say({"event": "unsubscribed", "path": self.path})

    @dbus.service.method(CHARACTERISTIC, in_signature="", out_signature="")
    def Confirm(self):
        say({"event": "confirmed", "path": self.path})

    def change(self, value):
        self.value = bytes(value)
        self.PropertiesChanged(CHARACTERISTIC, {"Value": TYPES["ay"](value)}, [])


class Descriptor(Attribute):
    @dbus.service.method(DESCRIPTOR, in_signature="a{sv}", out_signature="ay")
    def ReadValue(self, options):
        return self.read(options)

    @dbus.service.method(DESCRIPTOR, in_signature="aya{sv}", out_signature="")
    def WriteValue(self, value, options):
        self.write(value, options)


class Application(dbus.service.Object):
    """Services for GattManager1: {"uuid", "characteristics": [{"uuid", "flags", "value", "descriptors"}]}."""

    def __init__(self, bus, path, services):
        super().__init__(bus, path)
        self.objects = []
        for number, service in enumerate(services):
            own = f"{path}/service{number}"
            properties = {"UUID": ["s", service["uuid"]], "Primary": ["b", True]}
            self.objects.append(Exported(bus, own, SERVICE, properties))
            for index, each in enumerate(service["characteristics"]):
                self.add(bus, own, f"{own}/char{index}", each)

    def add(self, bus, service, path, described):
        properties = {
            "UUID": ["s", described["uuid"]],
            "Service": ["o", service],
            "Flags": ["as", described["flags"]],
        }
        made = Characteristic(bus, path, CHARACTERISTIC, properties, described.get("value", []))
        self.objects.append(made)
        for index, each in enumerate(described.get("descriptors", [])):
            properties = {
                "UUID": ["s", each["uuid"]],
                "Characteristic": ["o", path],
                "Flags": ["as", each["flags"]],
            }
            own = f"{path}/desc{index}"
            self.objects.append(Descriptor(bus, own, DESCRIPTOR, properties, each.get("value", [])))

    @dbus.service.method(OBJECTS, in_signature="", out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        return {
            dbus.ObjectPath(each.path): {each.interface: dbus.Dictionary(each.properties, signature="sv")}
            for each in self.objects
        }

    def remove(self):
        for each in self.objects:
            each.remove_from_connection()
        self.remove_from_connection()


class Bridge:
    def __init__(self, loop):
        self.bus = dbus.SystemBus()
        self.loop = loop
        self.exported = {}
        self.bus.add_signal_receiver(
            self.changed, "PropertiesChanged", PROPERTIES, BLUEZ, path_keyword="path"
        )
        self.bus.add_signal_receiver(self.added, "InterfacesAdded", OBJECTS, BLUEZ)
        self.bus.add_signal_receiver(self.removed, "InterfacesRemoved", OBJECTS, BLUEZ)

    def changed(self, interface, changes, _invalidated, path):
        say({"event": "changed", "path": path, "interface": interface, "changes": plain(changes)})

    def added(self, path, interfaces):
        say({"event": "added", "path": path, "interfaces": plain(interfaces)})

    def removed(self, path, interfaces):
        say({"event": "removed", "path": path, "interfaces": plain(interfaces)})

    def take(self, stream, _condition):
        line = stream.readline()
        if line == "":
            self.loop.quit()
            return False
        request = json.loads(line)
        number = request["id"]
        try:
            getattr(self, "do_" + request["do"])(number, request)
        except Exception as error:  # the other side is told whatever it is
            say({"id": number, "error": {"name": type(error).__name__, "message": str(error)}})
        return True

    def do_call(self, number, request):
        signature = request["signature"]
        self.bus.call_async(
            request.get("to", BLUEZ),
            request["path"],
            request["interface"],
            request["method"],
            signature,
            typed(signature, request["arguments"]),
            lambda *results: say({"id": number, "result": plain(results[0]) if results else None}),
            lambda error: say(
                {"id": number, "error": {"name": error.get_dbus_name(), "message": error.get_dbus_message()}}
            ),
            timeout=120,
        )

    def do_answer(self, number, request):
        QUESTIONS.answer(request["question"], request.get("value"), request.get("error"))
        say({"id": number, "result": None})

    def do_agent(self, number, request):
        self.exported[request["path"]] = Agent(self.bus, request["path"])
        say({"id": number, "result": None})

    def do_application(self, number, request):
        made = Application(self.bus, request["path"], request["services"])
        self.exported[request["path"]] = made
        for each in made.objects:
            self.exported[each.path] = each
        say({"id": number, "result": None})

    def do_advertisement(self, number, request):
        path = request["path"]
        self.exported[path] = Advertisement(self.bus, path, ADVERTISEMENT, request["properties"])
        say({"id": number, "result": None})

    def do_change(self, number, request):
        self.exported[request["path"]].change(request["value"])
        say({"id": number, "result": None})

    def do_remove(self, number, request):
        made = self.exported.pop(request["path"])
        if isinstance(made, Application):
            made.remove()
        else:
            made.remove_from_connection()
        say({"id": number, "result": None})


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    loop = GLib.MainLoop()
    bridge = Bridge(loop)
    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, bridge.take)
    say({"event": "ready"})
    loop.run()


main()
