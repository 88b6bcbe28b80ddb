//! Numbers as people read them.

/// All digits, in groups: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three or four characters: `999`, `1.2k`, `45k`, `3.4M`.
pub(crate) fn brief(number: u64) -> String {
    let scaled = |unit: u64, sign: char| {
        let tenths = number / (unit / 10);
        if tenths < 100 && !tenths.is_multiple_of(10) {
            format!("{}.{}{sign}", tenths / 10, tenths % 10)
        } else {
            format!("{}{sign}", tenths / 10)
        }
    };
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => scaled(1_000, 'k'),
        1_000_000..1_000_000_000 => scaled(1_000_000, 'M'),
        _ => scaled(1_000_000_000, 'G'),
    }
}

/// What something takes: `812 bytes`, `9.5 KB`, `45 MB`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if number < 1024 {
        return counted(number, "byte", "bytes");
    }
    let mut amount = number as f64 / 1024.0;
    let mut units = UNITS.into_iter();
    let mut unit = units.next().unwrap_or_default();
    // What would be rounded to 1024 of one is 1 of the next.
    while amount >= 1023.5 {
        let Some(next) = units.next() else { break };
        (amount, unit) = (amount / 1024.0, next);
    }
    if amount < 9.95 { format!("{amount:.1} {unit}") } else { format!("{amount:.0} {unit}") }
}

/// A number and what it counts: `1 like`, `2,000 likes`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [999, 1000, 1250, 9999, 45_678, 1_000_000, 3_400_000].map(brief),
            ["999", "1k", "1.2k", "9.9k", "45k", "1M", "3.4M"]
        );
        assert_eq!(
            [1, 1023, 1024, 45_678, 1_048_570, 9_961_472, 52_428_800, u64::MAX].map(bytes),
            [
                "1 byte",
                "1,023 bytes",
                "1.0 KB",
                "45 KB",
                "1.0 MB",
                "9.5 MB",
                "50 MB",
                "16777216 TB"
            ]
        );
        assert_eq!(counted(1, "like", "likes"), "1 like");
        assert_eq!(counted(2000, "like", "likes"), "2,000 likes");
    }
}
