//! Telephone numbers to E.164. A table of calling codes and trunk prefixes is enough to write a number internationally;
//! whether somebody has it, no table says.

use super::{Item, Odd, argument};

/// Countries with their calling code; behind a slash what is dialled before a national number and not from abroad. Where
/// several countries share a code, the first one listed is meant by the code alone.
const COUNTRIES: &str = "AC247 AD376 AE971/0 AF93/0 AG1268/1 AI1264/1 AL355/0 AM374/0 AO244 AR54/0 AS1684/1 AT43/0 AU61/0 \
    AW297 AX358/0 AZ994/0 BA387/0 BB1246/1 BD880/0 BE32/0 BF226 BG359/0 BH973 BI257 BJ229 BL590/0 BM1441/1 BN673 BO591/0 \
    BQ599 BR55/0 BS1242/1 BT975 BW267 BY375/8 BZ501 CA1/1 CC61/0 CD243/0 CF236 CG242 CH41/0 CI225 CK682 CL56 CM237 \
    CN86/0 CO57 CR506 CU53/0 CV238 CW599 CX61/0 CY357 CZ420 DE49/0 DJ253 DK45 DM1767/1 DO1809/1 DZ213/0 EC593/0 EE372 \
    EG20/0 EH212/0 ER291/0 ES34 ET251/0 FI358/0 FJ679 FK500 FM691 FO298 FR33/0 GA241 GB44/0 GD1473/1 GE995/0 GF594/0 \
    GG44/0 GH233/0 GI350 GL299 GM220 GN224 GP590/0 GQ240 GR30 GT502 GU1671/1 GW245 GY592 HK852 HN504 HR385/0 HT509 \
    HU36/06 ID62/0 IE353/0 IL972/0 IM44/0 IN91/0 IO246 IQ964/0 IR98/0 IS354 IT39 JE44/0 JM1876/1 JO962/0 JP81/0 KE254/0 \
    KG996/0 KH855/0 KI686 KM269 KN1869/1 KP850/0 KR82/0 KW965 KY1345/1 KZ7/8 LA856/0 LB961/0 LC1758/1 LI423 LK94/0 \
    LR231/0 LS266 LT370/0 LU352 LV371 LY218/0 MA212/0 MC377 MD373/0 ME382/0 MF590/0 MG261/0 MH692/1 MK389/0 ML223 MM95/0 \
    MN976/0 MO853 MP1670/1 MQ596/0 MR222 MS1664/1 MT356 MU230 MV960 MW265/0 MX52 MY60/0 MZ258 NA264/0 NC687 NE227 NF672 \
    NG234/0 NI505 NL31/0 NO47 NP977/0 NR674 NU683 NZ64/0 OM968 PA507 PE51/0 PF689 PG675 PH63/0 PK92/0 PL48 PM508/0 \
    PR1787/1 PS970/0 PT351 PW680 PY595/0 QA974 RE262/0 RO40/0 RS381/0 RU7/8 RW250/0 SA966/0 SB677 SC248 SD249/0 SE46/0 \
    SG65 SH290 SI386/0 SJ47 SK421/0 SL232/0 SM378 SN221 SO252/0 SR597 SS211/0 ST239 SV503 SX1721/1 SY963/0 SZ268 TA290 \
    TC1649/1 TD235 TG228 TH66/0 TJ992 TK690 TL670 TM993/8 TN216 TO676 TR90/0 TT1868/1 TV688 TW886/0 TZ255/0 UA380/0 \
    UG256/0 US1/1 UY598/0 UZ998 VA39 VC1784/1 VE58/0 VG1284/1 VI1340/1 VN84/0 VU678 WF681 WS685 XK383/0 YE967/0 YT262/0 \
    ZA27/0 ZM260/0 ZW263/0";

/// The longest number of E.164, and the shortest that is taken.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The calling code of a country and its trunk prefix.
fn country(code: &str) -> Option<(&'static str, &'static str)> {
    let row = COUNTRIES
        .split(' ')
        .find(|row| row.get(..2) == Some(code))?;
    let codes = row.get(2..)?;
    Some(codes.split_once('/').unwrap_or((codes, "")))
}

/// Whether there is a country of this code in the table.
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && country(code).is_some()
}

/// A number as `+` and its digits. One without a `+` or `00` is one of the default country.
pub fn e164<'a>(arguments: &[String], item: Item<'a>, _: &str) -> Result<Item<'a>, Odd> {
    let written = match &item {
        Item::Text(text) => text.to_string(),
        Item::Json(json) => json.to_string(),
    };
    if written.trim().is_empty() {
        return Ok(Item::NULL);
    }
    let number = international(written.trim(), argument(arguments, 0)).ok_or(Odd)?;
    Ok(Item::text(number))
}

fn international(written: &str, default: &str) -> Option<String> {
    // An extension is dialled by hand.
    let lower = written.to_ascii_lowercase();
    let end = ["ext", "x", "#", ";"]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min();
    let written = lower.get(..end.unwrap_or(lower.len()))?;
    let written = written.strip_prefix("tel:").unwrap_or(written).trim_start();
    let plus = written.starts_with('+') || written.starts_with("(+");
    // `+44 (0)20`: the trunk prefix that is not dialled from abroad.
    let written = match plus || written.starts_with("00") {
        true => written.replacen("(0)", "", 1),
        false => written.to_owned(),
    };
    let mut digits = String::new();
    for character in written.chars() {
        match character {
            '0'..='9' => digits.push(character),
            '+' | ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' | '\u{2010}'..='\u{2015}' => {}
            _ => return None,
        }
    }
    let (code, trunk) = country(default).unwrap_or_default();
    let abroad = match (plus, code.starts_with('1')) {
        (true, _) => Some(digits.as_str()),
        (false, true) => digits
            .strip_prefix("011")
            .or_else(|| digits.strip_prefix("00")),
        (false, false) => digits.strip_prefix("00"),
    };
    let number = match abroad {
        Some(digits) => {
            let mut codes = COUNTRIES
                .split(' ')
                .filter_map(|row| row.get(2..)?.split('/').next());
            codes
                .any(|code| digits.starts_with(code))
                .then(|| digits.to_owned())?
        }
        None if code.is_empty() => return None,
        None => {
            let national = digits.strip_prefix(trunk).unwrap_or(&digits);
            // In North America an area code may be the country's own.
            let code = match code.strip_prefix('1') {
                Some(_) if national.len() == 10 => "1",
                _ => code,
            };
            format!("{code}{national}")
        }
    };
    DIGITS.contains(&number.len()).then(|| format!("+{number}"))
}
