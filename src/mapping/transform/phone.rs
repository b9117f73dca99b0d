//! Telephone numbers to E.164. A table of calling codes and trunk prefixes is enough to write a number internationally;
//! whether somebody has it, no table says.

use super::mask::{digit, is_separator};
use super::{Item, Odd, Pass, argument};
use crate::prelude::*;

/// Countries in eight bytes each, sorted: two letters, the calling code, and what is dialled before a national number and not
/// from abroad.
const COUNTRIES: &[u8] = b"\
    AC247   AD376   AE971 0 AF93  0 AG12681 AI12641 AL355 0 AM374 0 AO244   AR54  0 AS16841 AT43  0 AU61  0 AW297   \
    AX358 0 AZ994 0 BA387 0 BB12461 BD880 0 BE32  0 BF226   BG359 0 BH973   BI257   BJ229   BL590 0 BM14411 BN673   \
    BO591 0 BQ599   BR55  0 BS12421 BT975   BW267   BY375 8 BZ501   CA1   1 CC61  0 CD243 0 CF236   CG242   CH41  0 \
    CI225   CK682   CL56    CM237   CN86  0 CO57    CR506   CU53  0 CV238   CW599   CX61  0 CY357   CZ420   DE49  0 \
    DJ253   DK45    DM17671 DO18091 DZ213 0 EC593 0 EE372   EG20  0 EH212 0 ER291 0 ES34    ET251 0 FI358 0 FJ679   \
    FK500   FM691   FO298   FR33  0 GA241   GB44  0 GD14731 GE995 0 GF594 0 GG44  0 GH233 0 GI350   GL299   GM220   \
    GN224   GP590 0 GQ240   GR30    GT502   GU16711 GW245   GY592   HK852   HN504   HR385 0 HT509   HU36  06ID62  0 \
    IE353 0 IL972 0 IM44  0 IN91  0 IO246   IQ964 0 IR98  0 IS354   IT39    JE44  0 JM18761 JO962 0 JP81  0 KE254 0 \
    KG996 0 KH855 0 KI686   KM269   KN18691 KP850 0 KR82  0 KW965   KY13451 KZ7   8 LA856 0 LB961 0 LC17581 LI423   \
    LK94  0 LR231 0 LS266   LT370 0 LU352   LV371   LY218 0 MA212 0 MC377   MD373 0 ME382 0 MF590 0 MG261 0 MH692 1 \
    MK389 0 ML223   MM95  0 MN976 0 MO853   MP16701 MQ596 0 MR222   MS16641 MT356   MU230   MV960   MW265 0 MX52    \
    MY60  0 MZ258   NA264 0 NC687   NE227   NF672   NG234 0 NI505   NL31  0 NO47    NP977 0 NR674   NU683   NZ64  0 \
    OM968   PA507   PE51  0 PF689   PG675   PH63  0 PK92  0 PL48    PM508 0 PR17871 PS970 0 PT351   PW680   PY595 0 \
    QA974   RE262 0 RO40  0 RS381 0 RU7   8 RW250 0 SA966 0 SB677   SC248   SD249 0 SE46  0 SG65    SH290   SI386 0 \
    SJ47    SK421 0 SL232 0 SM378   SN221   SO252 0 SR597   SS211 0 ST239   SV503   SX17211 SY963 0 SZ268   TA290   \
    TC16491 TD235   TG228   TH66  0 TJ992   TK690   TL670   TM993 8 TN216   TO676   TR90  0 TT18681 TV688   TW886 0 \
    TZ255 0 UA380 0 UG256 0 US1   1 UY598 0 UZ998   VA39    VC17841 VE58  0 VG12841 VI13401 VN84  0 VU678   WF681   \
    WS685   XK383 0 YE967 0 YT262 0 ZA27  0 ZM260 0 ZW263 0 ";

/// The calling codes of the table, a bit each. Those of four digits begin with North America's.
const CODES: [u64; 16] = {
    let mut codes = [0; 16];
    let (rows, _) = COUNTRIES.as_chunks::<8>();
    let mut row = 0;
    while row < rows.len() {
        let (mut code, mut at) = (0, 2);
        while at < 5 && rows[row][at] != b' ' {
            code = code * 10 + (rows[row][at] - b'0') as usize;
            at += 1;
        }
        codes[code / 64] |= 1 << (code % 64);
        row += 1;
    }
    codes
};

/// The longest number of E.164, and the shortest that is taken.
const DIGITS: core::ops::RangeInclusive<usize> = 7..=15;

/// The calling code of a country and its trunk prefix.
fn country(code: &str) -> Option<(&'static str, &'static str)> {
    let (rows, _) = COUNTRIES.as_chunks::<8>();
    let wanted: [u8; 2] = code.as_bytes().try_into().ok()?;
    let at = rows.binary_search_by_key(&u16::from_be_bytes(wanted), |row| {
        u16::from_be_bytes([row[0], row[1]])
    });
    let (code, trunk) = rows.get(at.ok()?)?.get(2..)?.split_at(4);
    let text = |bytes: &'static [u8]| str::from_utf8(bytes.trim_ascii_end()).ok();
    Some((text(code)?, text(trunk)?))
}

/// Whether there is a country of this code in the table.
pub fn is_country(code: &str) -> bool {
    country(code).is_some()
}

/// Whether these are the digits of a number with its calling code.
fn is_whole(digits: &str) -> bool {
    let mut code = 0;
    let mut known = false;
    for digit in digits.bytes().take(3) {
        code = code * 10 + usize::from(digit.wrapping_sub(b'0'));
        known |= CODES
            .get(code / 64)
            .is_some_and(|codes| codes >> (code % 64) & 1 == 1);
    }
    // North America's have eleven.
    known && DIGITS.contains(&digits.len()) && (!digits.starts_with('1') || digits.len() == 11)
}

/// A number as `+` and its digits. One without a `+` or `00` is one of the default country.
pub fn e164<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let (Item::Text(written) | Item::Json(written)) = &item;
    // Most have that form already.
    let digits = written.strip_prefix('+').unwrap_or_default();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && is_whole(digits) {
        return Ok(item);
    }
    match written.trim() {
        "" => Ok(Item::NULL),
        written => international(written, argument(arguments, 0)).map(Item::text),
    }
}

fn international(written: &str, default: &str) -> Result<String, Odd> {
    let begins = |text: &str, with: &str| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    let mut rest = match begins(written, "tel:") {
        true => written[4..].trim_start(),
        false => written,
    };
    let plus = rest.starts_with('+') || rest.starts_with("(+");
    // `+44 (0)20`: the trunk prefix that is not dialled from abroad.
    let mut trunk_is_told = plus || rest.starts_with("00");
    // A place for the `+` and for a calling code in front of them.
    let mut digits = String::with_capacity(24);
    while let Some(character) = rest.chars().next() {
        // An extension is dialled by hand.
        if matches!(character, 'x' | 'X' | '#' | ';') || begins(rest, "ext") {
            break;
        }
        rest = match rest.strip_prefix("(0)") {
            Some(rest) if core::mem::take(&mut trunk_is_told) => rest,
            _ => &rest[character.len_utf8()..],
        };
        match digit(&character) {
            Some(digit) => digits.push(char::from(b'0' + digit)),
            None if character == '+' => {}
            None if character == '_' || !is_separator(&character) => return Err(Odd),
            None => {}
        }
    }
    let (code, trunk) = country(default).unwrap_or_default();
    let prefixes: &[&str] = match (plus, code.starts_with('1')) {
        (true, _) => &[""],
        (false, true) => &["011", "00"],
        (false, false) => &["00"],
    };
    let mut prefixes = prefixes.iter();
    let (code, number) = match prefixes.find_map(|prefix| digits.strip_prefix(prefix)) {
        Some(abroad) => ("", abroad),
        None if code.is_empty() => return Err(Odd),
        None => {
            let national = digits.strip_prefix(trunk).unwrap_or(&digits);
            // In North America an area code may be the country's own.
            match code.strip_prefix('1') {
                Some(_) if national.len() == 10 => ("1", national),
                // It has its calling code already: no national number is so long and begins like it, where Brazil's area 55
                // is one digit longer.
                _ if digits.starts_with(code) && digits.len() > 10 + usize::from(code == "55") => {
                    ("", &*digits)
                }
                _ => (code, national),
            }
        }
    };
    let number = ["+", code, number].joined("");
    match is_whole(&number[1..]) {
        true => Ok(number),
        false => Err(Odd),
    }
}
