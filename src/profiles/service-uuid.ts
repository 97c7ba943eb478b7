/** The UUIDs of the services that stand here. Assigned Numbers, 3.4. */
export const ServiceUuid = {
  CurrentTime: "1805",
  HealthThermometer: "1809",
  DeviceInformation: "180a",
  HeartRate: "180d",
  Battery: "180f",
  HumanInterfaceDevice: "1812",
  CyclingSpeedAndCadence: "1816",
  CyclingPower: "1818",
  EnvironmentalSensing: "181a",
  /** Nordic Semiconductor's serial port. */
  NordicUart: "6e400001-b5a3-f393-e0a9-e50e24dcca9e",
} as const;
