/** URI schemes by the code point that stands for each, from U+0002 on. Assigned Numbers, 2.7. */
const schemes: readonly string[] = `
aaa aaas about acap acct cap cid coap coaps crid data dav dict dns file ftp geo go gopher h323 http https iax icap im
imap info ipp ipps iris iris.beep iris.xpc iris.xpcs iris.lwz jabber ldap mailto mid msrp msrps mtqp mupdate news nfs
ni nih nntp opaquelocktoken pop pres reload rtsp rtsps rtspu service session shttp sieve sip sips sms snmp soap.beep
soap.beeps stun stuns tag tel telnet tftp thismessage tn3270 tip turn turns tv urn vemmi ws wss xcon xcon-userid
xmlrpc.beep xmlrpc.beeps xmpp z39.50r z39.50s acr adiumxtra afp afs aim apt attachment aw barion beshare bitcoin bolo
callto chrome chrome-extension com-eventbrite-attendee content cvs dlna-playsingle dlna-playcontainer dtn dvb ed2k
facetime feed feedready finger fish gg git gizmoproject gtalk ham hcp icon ipn irc irc6 ircs itms jar jms keyparc
lastfm ldaps magnet maps market message mms ms-help ms-settings-power msnim mumble mvn notes oid palm paparazzi pkcs11
platform proxy psyc query res resource rmi rsync rtmfp rtmp secondlife sftp sgn skype smb smtp soldat spotify ssh steam
submit svn teamspeak teliaeid things udp unreal ut2004 ventrilo view-source webcal wtai wyciwyg xfire xri ymsgr example
ms-settings-cloudstorage bluetooth bl
`
  .trim()
  .split(/\s+/);

const first = 0x02;
/** Stands for no scheme: the URI follows whole. */
const none = "\u0001";

/**
 * A URI as programs know it, from the form with a code point in place of the scheme.
 * A code point that is not assigned stays where it is. Supplement to the Core Specification, Part A, 1.18.
 */
export function expandUri(compressed: string): string {
  const code = compressed.codePointAt(0) ?? 0;
  const scheme = schemes[code - first];
  if (scheme !== undefined) return `${scheme}:${compressed.slice(1)}`;
  return compressed.startsWith(none) ? compressed.slice(1) : compressed;
}

/** The opposite: the scheme becomes its code point, one without a code point of its own goes whole behind U+0001. */
export function compressUri(uri: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1];
  // A URI has no character beyond ASCII (RFC 3986, 2): such a one in front is the code point of some scheme.
  if (scheme === undefined) return (uri.codePointAt(0) ?? 0) > 0x7f ? uri : none + uri;
  const place = schemes.indexOf(scheme.toLowerCase());
  return place < 0 ? none + uri : String.fromCodePoint(first + place) + uri.slice(scheme.length + 1);
}
