/*
 * The constants of MicroPython's documentation, by the names and with the numbers that they have there. On a board they
 * are copied into each program, to save room; here they can be imported.
 */

export const _IRQ_CENTRAL_CONNECT = 1;
export const _IRQ_CENTRAL_DISCONNECT = 2;
export const _IRQ_GATTS_WRITE = 3;
export const _IRQ_GATTS_READ_REQUEST = 4;
export const _IRQ_SCAN_RESULT = 5;
export const _IRQ_SCAN_DONE = 6;
export const _IRQ_PERIPHERAL_CONNECT = 7;
export const _IRQ_PERIPHERAL_DISCONNECT = 8;
export const _IRQ_GATTC_SERVICE_RESULT = 9;
export const _IRQ_GATTC_SERVICE_DONE = 10;
export const _IRQ_GATTC_CHARACTERISTIC_RESULT = 11;
export const _IRQ_GATTC_CHARACTERISTIC_DONE = 12;
export const _IRQ_GATTC_DESCRIPTOR_RESULT = 13;
export const _IRQ_GATTC_DESCRIPTOR_DONE = 14;
export const _IRQ_GATTC_READ_RESULT = 15;
export const _IRQ_GATTC_READ_DONE = 16;
export const _IRQ_GATTC_WRITE_DONE = 17;
export const _IRQ_GATTC_NOTIFY = 18;
export const _IRQ_GATTC_INDICATE = 19;
export const _IRQ_GATTS_INDICATE_DONE = 20;
export const _IRQ_MTU_EXCHANGED = 21;
export const _IRQ_L2CAP_ACCEPT = 22;
export const _IRQ_L2CAP_CONNECT = 23;
export const _IRQ_L2CAP_DISCONNECT = 24;
export const _IRQ_L2CAP_RECV = 25;
export const _IRQ_L2CAP_SEND_READY = 26;
export const _IRQ_CONNECTION_UPDATE = 27;
export const _IRQ_ENCRYPTION_UPDATE = 28;
export const _IRQ_GET_SECRET = 29;
export const _IRQ_SET_SECRET = 30;
export const _IRQ_PASSKEY_ACTION = 31;

export const _GATTS_NO_ERROR = 0x00;
export const _GATTS_ERROR_READ_NOT_PERMITTED = 0x02;
export const _GATTS_ERROR_WRITE_NOT_PERMITTED = 0x03;
export const _GATTS_ERROR_INSUFFICIENT_AUTHENTICATION = 0x05;
export const _GATTS_ERROR_INSUFFICIENT_AUTHORIZATION = 0x08;
export const _GATTS_ERROR_INSUFFICIENT_ENCRYPTION = 0x0f;

export const _PASSKEY_ACTION_NONE = 0;
export const _PASSKEY_ACTION_INPUT = 2;
export const _PASSKEY_ACTION_DISPLAY = 3;
export const _PASSKEY_ACTION_NUMERIC_COMPARISON = 4;

export const _IO_CAPABILITY_DISPLAY_ONLY = 0;
export const _IO_CAPABILITY_DISPLAY_YESNO = 1;
export const _IO_CAPABILITY_KEYBOARD_ONLY = 2;
export const _IO_CAPABILITY_NO_INPUT_OUTPUT = 3;
export const _IO_CAPABILITY_KEYBOARD_DISPLAY = 4;

export const _FLAG_BROADCAST = 0x0001;
export const _FLAG_READ = 0x0002;
export const _FLAG_WRITE_NO_RESPONSE = 0x0004;
export const _FLAG_WRITE = 0x0008;
export const _FLAG_NOTIFY = 0x0010;
export const _FLAG_INDICATE = 0x0020;
export const _FLAG_AUTHENTICATED_SIGNED_WRITE = 0x0040;
export const _FLAG_AUX_WRITE = 0x0100;
export const _FLAG_READ_ENCRYPTED = 0x0200;
export const _FLAG_READ_AUTHENTICATED = 0x0400;
export const _FLAG_READ_AUTHORIZED = 0x0800;
export const _FLAG_WRITE_ENCRYPTED = 0x1000;
export const _FLAG_WRITE_AUTHENTICATED = 0x2000;
export const _FLAG_WRITE_AUTHORIZED = 0x4000;

/** The flags that the module itself has: `bluetooth.FLAG_READ`. */
export const FLAG_READ = 0x0002;
export const FLAG_WRITE_NO_RESPONSE = 0x0004;
export const FLAG_WRITE = 0x0008;
export const FLAG_NOTIFY = 0x0010;
export const FLAG_INDICATE = 0x0020;
