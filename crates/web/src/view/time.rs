//! Moments as people say them.

use jiff::tz::TimeZone;
use tintype_platform::Timestamp;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment as templates write it.
pub(crate) struct When {
    /// For `datetime`.
    pub(crate) iso: String,
    /// How long ago, briefly; the day once that says more.
    pub(crate) label: String,
    /// Day and time of day, in UTC.
    pub(crate) title: String,
}

impl When {
    pub(crate) fn new(at: Timestamp, now: Timestamp) -> Self {
        let moment = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
        let moment = moment.to_zoned(TimeZone::UTC);
        let today = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
        let ago = now.since(at).max(0);
        let label = match ago {
            0..MINUTE => "now".to_owned(),
            MINUTE..HOUR => format!("{} min", ago / MINUTE),
            HOUR..DAY => format!("{} h", ago / HOUR),
            _ if ago < 7 * DAY => format!("{} d", ago / DAY),
            _ if moment.year() == today.to_zoned(TimeZone::UTC).year() => {
                moment.strftime("%-d %B").to_string()
            }
            _ => moment.strftime("%-d %B %Y").to_string(),
        };
        Self {
            iso: at.to_string(),
            label,
            title: moment.strftime("%-d %B %Y at %H:%M UTC").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_brief() {
        let now: i64 = 1_790_000_000_000;
        let label = |ago| {
            let (at, now) = (Timestamp::from_millis(now - ago), Timestamp::from_millis(now));
            When::new(at, now).label
        };
        assert_eq!(label(-5), "now");
        assert_eq!(label(59 * SECOND), "now");
        assert_eq!(label(MINUTE), "1 min");
        assert_eq!(label(HOUR - 1), "59 min");
        assert_eq!(label(23 * HOUR), "23 h");
        assert_eq!(label(6 * DAY), "6 d");
        assert_eq!(label(30 * DAY), "22 August");
        assert_eq!(label(400 * DAY), "17 August 2025");
    }
}
