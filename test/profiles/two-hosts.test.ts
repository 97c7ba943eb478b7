import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import { AttError } from "../../src/att/error.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import {
  batteryLevel,
  batteryService,
  bodySensorLocation,
  BodySensorLocation,
  currentTime,
  currentTimeService,
  type CurrentTime,
  deviceInformationService,
  environmentalSensingService,
  type HeartRateMeasurement,
  heartRateControlPoint,
  heartRateMeasurement,
  heartRateService,
  hidControlPoint,
  hidService,
  keyboardReport,
  keyboardReportMap,
  manufacturerName,
  NordicUart,
  NordicUartServer,
  pnpId,
  reportMap,
  reportReference,
  reportsIn,
  ServiceUuid,
  temperature,
} from "../../src/profiles/index.ts";
import { Served } from "../gatt/served.ts";
import { controllerKinds, type TwoHosts, twoHosts } from "../support/two-hosts.ts";
import type { Connection } from "../../src/gap/connection.ts";

async function connected(hosts: TwoHosts): Promise<Connection> {
  const { central } = await hosts.air.connect(hosts.central, hosts.peripheral);
  return central;
}

describe("Profiles between two hosts", () => {
  it("a heart rate belt is found, read, listened to and reset", async () => {
    const hosts = await twoHosts();
    const { air, peripheral } = hosts;
    const resets: unknown[] = [];
    const belt = peripheral.host.gatt.add(
      heartRateService({
        location: BodySensorLocation.Chest,
        onResetEnergyExpended: (connection) => void resets.push(connection),
      }),
    );
    const { central, peripheral: served } = await air.connect(hosts.central, peripheral);
    const location = await air.until(bodySensorLocation.find(central.gatt, ServiceUuid.HeartRate));
    expect(await air.until(location.read())).toBe(BodySensorLocation.Chest);
    expect(belt.location?.value).toBe(BodySensorLocation.Chest);

    const control = await air.until(heartRateControlPoint.find(central.gatt, ServiceUuid.HeartRate));
    await air.until(control.write(1));
    expect(resets).toEqual([served]);
    expect(await air.ending(control.write(2))).toMatchObject({ error: { status: 0x80 } });

    const measurement = await air.until(heartRateMeasurement.find(central.gatt, ServiceUuid.HeartRate));
    const values = measurement.notifications();
    const first = air.track("first", values.next());
    await air.clock.advance(1000);
    const sent: HeartRateMeasurement[] = [
      { beatsPerMinute: 72, contact: true, rrIntervals: [812.5, 828.125] },
      { beatsPerMinute: 73, contact: true, energyExpended: 12 },
    ];
    expect(belt.measurement.subscribers).toEqual([served]);
    for (const value of sent) expect(await air.until(belt.measurement.notify(value))).toBe(1);
    expect(await air.until(first)).toEqual({ done: false, value: sent[0] });
    expect(await air.until(values.next())).toEqual({ done: false, value: sent[1] });
    await air.until(values.return!());
    expect(belt.measurement.subscribers).toEqual([]);
    await air.expectNothingLeft();
  });

  it("octets that are no value end an iteration, or go to onMalformed", async () => {
    const hosts = await twoHosts();
    const { air } = hosts;
    const { level } = hosts.peripheral.host.gatt.add(
      service(ServiceUuid.Battery, {
        level: characteristic("2a19", { notify: true, value: Uint8Array.of(200) }),
      }),
    );
    const { gatt } = await connected(hosts);
    const remote = await air.until(batteryLevel.find(gatt, ServiceUuid.Battery));
    expect(await air.ending(remote.read())).toMatchObject({
      error: expect.any(MalformedPduError) as unknown,
    });

    const seen: number[] = [];
    const errors: MalformedPduError[] = [];
    const onMalformed = (error: MalformedPduError): void => void errors.push(error);
    const hook = await air.until(remote.subscribe({ onValue: (value) => seen.push(value), onMalformed }));
    const strict = await air.until(remote.subscribe());
    const lenient = await air.until(remote.subscribe({ onMalformed }));
    for (const octet of [50, 200, 51]) await air.until(level.notify(Uint8Array.of(octet)));
    await air.clock.advance(100);
    expect(seen).toEqual([50, 51]);
    expect(errors.length).toBe(1);
    const take = lenient[Symbol.asyncIterator]();
    expect((await air.until(take.next())).value).toBe(50);
    expect((await air.until(take.next())).value).toBe(51);
    expect(errors.length).toBe(2);

    const all = strict[Symbol.asyncIterator]();
    expect((await air.until(all.next())).value).toBe(50);
    expect(await air.ending(all.next())).toMatchObject({ error: expect.any(MalformedPduError) as unknown });
    expect((await air.until(all.next())).done).toBe(true);
    for (const each of [hook, lenient]) await air.until(each[Symbol.asyncDispose]());
    expect(level.subscribers).toEqual([]);
    await air.expectNothingLeft();
  });

  it("a weather station tells who it is, what it measures and what time it is, and takes the time", async () => {
    const hosts = await twoHosts();
    const { air } = hosts;
    const { gatt: server } = hosts.peripheral.host;
    server.add(
      deviceInformationService({
        manufacturerName: "jelling",
        pnpId: { vendorIdSource: 1, vendorId: 0x0059, productId: 1, productVersion: 0x0100 },
      }),
    );
    const weather = server.add(environmentalSensingService({ temperature: 21.5, humidity: Number.NaN }));
    const noon: CurrentTime = {
      ...{ year: 2024, month: 2, day: 29, hours: 12, minutes: 0, seconds: 0 },
      ...{ dayOfWeek: 4, milliseconds: 0, adjustReasons: [] },
    };
    let now = noon;
    server.add(currentTimeService({ now: () => now, onSet: (time) => void (now = time) }));
    server.add(batteryService({ level: 80 }));
    const { gatt } = await connected(hosts);

    const who = await air.until(manufacturerName.find(gatt, ServiceUuid.DeviceInformation));
    expect(await air.until(who.read())).toBe("jelling");
    const what = await air.until(pnpId.find(gatt, ServiceUuid.DeviceInformation));
    expect(await air.until(what.read())).toMatchObject({ vendorId: 0x0059 });

    const warmth = await air.until(temperature.find(gatt, ServiceUuid.EnvironmentalSensing));
    expect(await air.until(warmth.read())).toBe(21.5);
    weather.temperature.value = -3.25;
    expect(weather.temperature.value).toBe(-3.25);
    expect(await air.until(warmth.read())).toBe(-3.25);
    expect(weather.humidity.value).toBeNaN();
    expect(weather).not.toHaveProperty("pressure");

    const time = await air.until(currentTime.find(gatt, ServiceUuid.CurrentTime));
    expect(await air.until(time.read())).toEqual(noon);
    await air.until(time.write({ ...noon, hours: 13, adjustReasons: ["manual"] }));
    expect(now).toEqual({ ...noon, hours: 13, adjustReasons: ["manual"] });
    const wrong = await air.ending(time.plain.write(new Uint8Array(10).fill(0xff)));
    expect(wrong).toMatchObject({ error: expect.any(AttError) as unknown });
    await air.expectNothingLeft();
  });

  it("a keyboard types, and its lights are switched", async () => {
    const hosts = await twoHosts();
    const { air } = hosts;
    const leds: string[] = [];
    const suspended: boolean[] = [];
    const keyboard = hosts.peripheral.host.gatt.add(
      hidService({
        reportMap: keyboardReportMap,
        permissions: {},
        onSuspend: (sleeps) => void suspended.push(sleeps),
        reports: {
          keys: { id: 0, kind: "input", value: new Uint8Array(8) },
          lights: {
            id: 0,
            kind: "output",
            value: new Uint8Array(1),
            onWrite: (octets) => void leds.push(toHex(octets)),
          },
        },
      }),
    );
    const { gatt } = await connected(hosts);
    const remote = await air.until(gatt.service(ServiceUuid.HumanInterfaceDevice));
    const map = await air.until(reportMap.of(remote.characteristic(reportMap.uuid)).read());
    expect(reportsIn(map).map(({ kind }) => kind)).toEqual(["input", "output"]);
    const reports = remote.characteristics.filter(({ uuid }) => uuid.short === 0x2a4d);
    const [input, output] = reports;
    expect(await air.until(reportReference.in(input!).read())).toEqual({ id: 0, kind: "input" });
    expect(await air.until(reportReference.in(output!).read())).toEqual({ id: 0, kind: "output" });
    expect(() => reportReference.in(remote.characteristic(reportMap.uuid))).toThrow(/no descriptor 2908/);

    const typed: (readonly number[])[] = [];
    const onValue = (octets: Uint8Array): void => void typed.push(keyboardReport.decode(octets).keys);
    const subscription = await air.until(input!.subscribe({ onValue }));
    for (const keys of [[4], []]) {
      await air.until(keyboard.keys.notify(keyboardReport.encode({ modifiers: [], keys })));
    }
    await air.clock.advance(100);
    expect(typed).toEqual([[4], []]);

    await air.until(output!.write(Uint8Array.of(2)));
    await air.until(hidControlPoint.of(remote.characteristic(hidControlPoint.uuid)).writeWithoutResponse(0));
    await air.clock.advance(100);
    expect(leds).toEqual(["02"]);
    expect(suspended).toEqual([true]);
    await air.until(subscription[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });
});

describe("Nordic UART between two hosts", () => {
  it.each(controllerKinds)("carries streams both ways on a controller with %s", async (_name, options) => {
    const hosts = await twoHosts(options);
    const { air, peripheral } = hosts;
    const received: number[] = [];
    using server = new NordicUartServer(peripheral.host.gatt, {
      onData: (octets) => void received.push(...octets),
    });
    const connection = await connected(hosts);
    const uart = await air.until(NordicUart.open(connection.gatt));
    expect(server.listeners.length).toBe(1);
    const stream = Uint8Array.from({ length: 3000 }, (_, i) => (i * 7) & 0xff);

    await air.until(uart.write(stream));
    await air.clock.advance(1000);
    expect(Uint8Array.from(received)).toEqual(stream);

    await air.until(server.write(stream));
    await air.until(server.write(Uint8Array.of(), { to: server.listeners[0]! }));
    const echoed: number[] = [];
    for (const parts = uart[Symbol.asyncIterator](); echoed.length < stream.length;) {
      const { value } = await air.until(parts.next());
      echoed.push(...(value ?? []));
    }
    expect(Uint8Array.from(echoed)).toEqual(stream);
    await air.until(uart[Symbol.asyncDispose]());
    expect(server.listeners).toEqual([]);
    await air.expectNothingLeft();
  });

  it("is a pair of web streams, and a link that is lost ends what comes", async () => {
    const hosts = await twoHosts();
    const { air, peripheral } = hosts;
    const server = new NordicUartServer(peripheral.host.gatt, {
      onData: (octets, connection) => void server.write(octets, { to: connection }),
    });
    const connection = await connected(hosts);
    const uart = await air.until(NordicUart.open(connection.gatt));
    const writer = uart.writable.getWriter();
    const reader = uart.readable.getReader();
    await air.until(writer.write(new TextEncoder().encode("hello")));
    const { value } = await air.until(reader.read());
    expect(new TextDecoder().decode(value)).toBe("hello");
    const last = air.track("last", reader.read());
    await air.until(connection.disconnect());
    expect(await air.ending(last)).toMatchObject({ error: { code: "DISCONNECTED" } });
    expect(await air.ending(uart.write(Uint8Array.of(1)))).toMatchObject({ error: { code: "DISCONNECTED" } });
    await air.expectNothingLeft();
  });

  it("loses nothing where an enhanced bearer carries less than the fixed channel (Vol 3, Part G, 5.3.1)", async () => {
    const served = new Served();
    const client = served.connect();
    await client.ask("02 0502");
    using server = new NordicUartServer(served.server, { onData: () => undefined });
    const enhanced = client.more(64);
    await enhanced.ask("12 0600 0100");
    const sent = Uint8Array.from({ length: 200 }, (_, place) => place);
    await server.write(sent);
    const parts = [...client.channel.take(), ...enhanced.channel.take()].map((pdu) => pdu.slice(6));
    expect(parts.join("")).toBe(toHex(sent));
    expect(parts.length).toBe(4);
    await expect(server.write("hello" as never)).rejects.toThrow(TypeError);
  });

  it("is gone when it is disposed of", async () => {
    const hosts = await twoHosts();
    {
      using server = new NordicUartServer(hosts.peripheral.host.gatt, { onData: () => undefined });
      expect(server.listeners).toEqual([]);
    }
    const { gatt } = await connected(hosts);
    expect(await hosts.air.ending(NordicUart.open(gatt))).toMatchObject({ error: { code: "NOT_FOUND" } });
    await hosts.air.expectNothingLeft();
  });
});
