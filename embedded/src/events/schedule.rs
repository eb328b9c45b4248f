//! Schedules: `rate(5 minutes)` and `cron(0 12 * * ? *)`, in UTC.
//!
//! AWS's user guide of EventBridge, "Setting a schedule pattern for scheduled rules": "Cron expressions", "Rate expressions".

use asl_engine::Timestamp;
use time::{Date, Month, OffsetDateTime, Weekday};

/// When something happens again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule(Kind);

/// A text is no schedule. The text is that of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Parameter ScheduleExpression is not valid.")]
pub struct InvalidSchedule;

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Milliseconds.
    Rate(i64),
    Cron(Box<Cron>),
}

#[derive(Clone, Debug, PartialEq)]
struct Cron {
    minutes: Vec<u16>,
    hours: Vec<u16>,
    days: Days,
    months: Vec<u16>,
    years: Vec<u16>,
}

/// The days of a month, by one of the two fields; the other is `?`.
#[derive(Clone, Debug, PartialEq)]
enum Days {
    OfMonth(Vec<DayOfMonth>),
    /// 1 is Sunday.
    OfWeek(Vec<DayOfWeek>),
}

#[derive(Clone, Debug, PartialEq)]
enum DayOfMonth {
    Each(Vec<u16>),
    /// `L`
    Last,
    /// `LW`
    LastWeekday,
    /// `3W`: the weekday closest to the third.
    Nearest(u16),
}

#[derive(Clone, Debug, PartialEq)]
enum DayOfWeek {
    Each(Vec<u16>),
    /// `6L`: the last Friday.
    Last(u16),
    /// `3#2`: the second Tuesday.
    Numbered(u16, u32),
}

const MINUTE: i64 = 60 * 1000;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Schedule {
    /// The schedule that an expression has.
    pub fn parse(expression: &str) -> Result<Self, InvalidSchedule> {
        let inner = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        let kind = match (inner("rate"), inner("cron")) {
            (Some(rate), _) => rate_millis(rate).map(Kind::Rate),
            (_, Some(cron)) => Cron::parse(cron).map(|cron| Kind::Cron(Box::new(cron))),
            _ => None,
        };
        kind.map(Self).ok_or(InvalidSchedule)
    }

    /// The first time after `at`; none where there is no more. A rate counts from `since`.
    pub fn next_after(&self, at: Timestamp, since: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Kind::Rate(millis) => {
                let passed = at.0.checked_sub(since.0)?.max(0).div_euclid(*millis);
                since.0.checked_add(passed.checked_add(1)?.checked_mul(*millis)?).map(Timestamp)
            }
            Kind::Cron(cron) => cron.next_after(at),
        }
    }
}

/// `5 minutes`, `1 hour`: one of a unit has the singular.
fn rate_millis(text: &str) -> Option<i64> {
    let (value, unit) = text.split_once(' ')?;
    let value = number(value).filter(|value| *value > 0).map(i64::from)?;
    let unit = match (value, unit) {
        (1, "minute") | (2.., "minutes") => MINUTE,
        (1, "hour") | (2.., "hours") => 60 * MINUTE,
        (1, "day") | (2.., "days") => 24 * 60 * MINUTE,
        _ => return None,
    };
    value.checked_mul(unit)
}

/// Digits, and no sign.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// What the numbers of a field are.
struct Field {
    least: u16,
    most: u16,
    /// Texts for numbers from the least on.
    names: &'static [&'static str],
}

impl Field {
    fn value(&self, text: &str) -> Option<u16> {
        if let Some(at) = self.names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
            return u16::try_from(at).ok().map(|at| at + self.least);
        }
        let value = number(text).and_then(|value| u16::try_from(value).ok())?;
        (self.least..=self.most).contains(&value).then_some(value)
    }

    /// `*`, `5`, `1-5`, `0/15` or `1-30/2`. A range may go beyond the end, as `FRI-MON`.
    fn values(&self, text: &str) -> Option<Vec<u16>> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(number(step).filter(|step| *step > 0)?)),
            None => (text, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.least, self.most),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            None => {
                let from = self.value(range)?;
                (from, if step.is_some() { self.most } else { from })
            }
        };
        let step = usize::try_from(step.unwrap_or(1)).ok()?;
        let values: Vec<u16> = match from <= to {
            true => (from..=to).step_by(step).collect(),
            false => (from..=self.most).chain(self.least..=to).step_by(step).collect(),
        };
        Some(values)
    }

    /// Values with commas, in their order.
    fn list(&self, text: &str) -> Option<Vec<u16>> {
        let lists = text.split(',').map(|text| self.values(text)).collect::<Option<Vec<_>>>()?;
        let mut values = lists.concat();
        values.sort_unstable();
        values.dedup();
        Some(values)
    }
}

const MINUTE_FIELD: Field = Field { least: 0, most: 59, names: &[] };
const HOUR_FIELD: Field = Field { least: 0, most: 23, names: &[] };
const DAY_FIELD: Field = Field { least: 1, most: 31, names: &[] };
const MONTH_FIELD: Field = Field { least: 1, most: 12, names: &MONTHS };
const WEEKDAY_FIELD: Field = Field { least: 1, most: 7, names: &WEEKDAYS };
const YEAR_FIELD: Field = Field { least: 1970, most: 2199, names: &[] };

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields[..] else { return None };
        Some(Self {
            minutes: MINUTE_FIELD.list(minutes)?,
            hours: HOUR_FIELD.list(hours)?,
            days: match (days, weekdays) {
                ("?", "?") => return None,
                (days, "?") => Days::OfMonth(days.split(',').map(DayOfMonth::parse).collect::<Option<_>>()?),
                ("?", weekdays) => Days::OfWeek(weekdays.split(',').map(DayOfWeek::parse).collect::<Option<_>>()?),
                _ => return None,
            },
            months: MONTH_FIELD.list(months)?,
            years: YEAR_FIELD.list(years)?,
        })
    }

    fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        // The first minute that is not over.
        let minute = at.0.div_euclid(MINUTE).checked_add(1)?;
        let first = OffsetDateTime::from_unix_timestamp(minute.checked_mul(60)?).ok()?;
        let (today, now) = (first.date(), (u16::from(first.hour()), u16::from(first.minute())));
        let this_year = u16::try_from(today.year()).unwrap_or_default();
        for year in self.years.iter().filter(|year| **year >= this_year) {
            for month in &self.months {
                let month = u8::try_from(*month).ok().and_then(|month| Month::try_from(month).ok());
                let Some(month) = month else { continue };
                if (*year, u8::from(month)) < (this_year, u8::from(today.month())) {
                    continue;
                }
                for day in self.days_of(i32::from(*year), month) {
                    let Ok(date) = Date::from_calendar_date(i32::from(*year), month, day) else { continue };
                    if date < today {
                        continue;
                    }
                    let times = self.hours.iter().flat_map(|hour| self.minutes.iter().map(|minute| (*hour, *minute)));
                    if let Some((hour, minute)) = { times }.find(|time| date > today || *time >= now) {
                        let seconds = date.midnight().assume_utc().unix_timestamp()
                            + i64::from(hour) * 60 * 60
                            + i64::from(minute) * 60;
                        return Some(Timestamp(seconds * 1000));
                    }
                }
            }
        }
        None
    }

    /// The days of a month, in their order.
    fn days_of(&self, year: i32, month: Month) -> Vec<u8> {
        let length = month.length(year);
        let mut days: Vec<u8> = match &self.days {
            Days::OfMonth(days) => days.iter().flat_map(|day| day.of(year, month)).collect(),
            Days::OfWeek(days) => days.iter().flat_map(|day| day.of(year, month)).collect(),
        };
        days.retain(|day| (1..=length).contains(day));
        days.sort_unstable();
        days
    }
}

fn weekday(year: i32, month: Month, day: u8) -> Option<Weekday> {
    Date::from_calendar_date(year, month, day).ok().map(Date::weekday)
}

impl DayOfMonth {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "L" => Some(Self::Last),
            "LW" => Some(Self::LastWeekday),
            _ => match text.strip_suffix('W') {
                Some(day) => DAY_FIELD.value(day).map(Self::Nearest),
                None => DAY_FIELD.values(text).map(Self::Each),
            },
        }
    }

    fn of(&self, year: i32, month: Month) -> Vec<u8> {
        let length = month.length(year);
        match self {
            Self::Each(days) => days.iter().filter_map(|day| u8::try_from(*day).ok()).collect(),
            Self::Last => vec![length],
            Self::LastWeekday => nearest_weekday(year, month, length).into_iter().collect(),
            // Of the 31st in a month of 30 days, there is none.
            Self::Nearest(day) => {
                let day = u8::try_from(*day).ok().filter(|day| *day <= length);
                day.and_then(|day| nearest_weekday(year, month, day)).into_iter().collect()
            }
        }
    }
}

/// The weekday closest to a day, in the same month.
fn nearest_weekday(year: i32, month: Month, day: u8) -> Option<u8> {
    let length = month.length(year);
    let day = match weekday(year, month, day)? {
        Weekday::Saturday if day == 1 => 3,
        Weekday::Saturday => day - 1,
        Weekday::Sunday if day == length => day - 2,
        Weekday::Sunday => day + 1,
        _ => day,
    };
    Some(day)
}

impl DayOfWeek {
    fn parse(text: &str) -> Option<Self> {
        if let Some((day, number)) = text.split_once('#') {
            let number = self::number(number).filter(|number| (1..=5).contains(number))?;
            return WEEKDAY_FIELD.value(day).map(|day| Self::Numbered(day, number));
        }
        match text.strip_suffix('L') {
            // The last day of a week is Saturday.
            Some("") => Some(Self::Each(vec![7])),
            Some(day) => WEEKDAY_FIELD.value(day).map(Self::Last),
            None => WEEKDAY_FIELD.values(text).map(Self::Each),
        }
    }

    fn of(&self, year: i32, month: Month) -> Vec<u8> {
        let on = |wanted: &[u16]| {
            let is_on = |day: &u8| {
                weekday(year, month, *day)
                    .is_some_and(|found| wanted.contains(&(u16::from(found.number_days_from_sunday()) + 1)))
            };
            (1..=month.length(year)).filter(is_on).collect::<Vec<u8>>()
        };
        match self {
            Self::Each(days) => on(days),
            Self::Last(day) => on(&[*day]).pop().into_iter().collect(),
            Self::Numbered(day, number) => {
                on(&[*day]).into_iter().zip(1..).filter(|(_, nth)| nth == number).map(|(day, _)| day).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect(text)
    }

    /// The first times from 2024-01-01 (a Monday) on, as the user guide tells of its examples, and of what else it allows.
    #[test]
    fn cron_expressions_are_those_of_the_guide() {
        for (expression, times) in [
            // "Example: Usage with rule"
            ("0 10 * * ? *", ["2024-01-01T10:00", "2024-01-02T10:00", "2024-01-03T10:00"]),
            ("15 12 * * ? *", ["2024-01-01T12:15", "2024-01-02T12:15", "2024-01-03T12:15"]),
            ("0 18 ? * MON-FRI *", ["2024-01-01T18:00", "2024-01-02T18:00", "2024-01-03T18:00"]),
            ("0 8 1 * ? *", ["2024-01-01T08:00", "2024-02-01T08:00", "2024-03-01T08:00"]),
            ("0/15 * * * ? *", ["2024-01-01T00:15", "2024-01-01T00:30", "2024-01-01T00:45"]),
            ("0/10 * ? * MON-FRI *", ["2024-01-01T00:10", "2024-01-01T00:20", "2024-01-01T00:30"]),
            ("0/5 8-17 ? * MON-FRI *", ["2024-01-01T08:00", "2024-01-01T08:05", "2024-01-01T08:10"]),
            ("0/30 20-2 ? * MON-FRI *", ["2024-01-01T00:30", "2024-01-01T01:00", "2024-01-01T01:30"]),
            // "Wildcards"
            ("0 0 L * ? *", ["2024-01-31T00:00", "2024-02-29T00:00", "2024-03-31T00:00"]),
            ("0 0 ? * L *", ["2024-01-06T00:00", "2024-01-13T00:00", "2024-01-20T00:00"]),
            ("0 0 3W * ? *", ["2024-01-03T00:00", "2024-02-02T00:00", "2024-03-04T00:00"]),
            ("0 0 1W * ? *", ["2024-02-01T00:00", "2024-03-01T00:00", "2024-04-01T00:00"]),
            ("0 0 LW * ? *", ["2024-01-31T00:00", "2024-02-29T00:00", "2024-03-29T00:00"]),
            ("0 0 ? * 3#2 *", ["2024-01-09T00:00", "2024-02-13T00:00", "2024-03-12T00:00"]),
            ("0 0 ? * 6L *", ["2024-01-26T00:00", "2024-02-23T00:00", "2024-03-29T00:00"]),
            ("0 0 ? * FRI#5 *", ["2024-03-29T00:00", "2024-05-31T00:00", "2024-08-30T00:00"]),
            // Lists, steps, years, and days that not every month has.
            ("5,35 14 * * ? *", ["2024-01-01T14:05", "2024-01-01T14:35", "2024-01-02T14:05"]),
            ("0 0 29 2 ? *", ["2024-02-29T00:00", "2028-02-29T00:00", "2032-02-29T00:00"]),
            ("0 0 31 * ? *", ["2024-01-31T00:00", "2024-03-31T00:00", "2024-05-31T00:00"]),
            ("0 0 1 JAN,jul ? 2025-2027", ["2025-01-01T00:00", "2025-07-01T00:00", "2026-01-01T00:00"]),
            ("0 0 1-20/7 * ? *", ["2024-01-08T00:00", "2024-01-15T00:00", "2024-02-01T00:00"]),
            ("0 0 ? * FRI-MON *", ["2024-01-05T00:00", "2024-01-06T00:00", "2024-01-07T00:00"]),
        ] {
            let schedule = Schedule::parse(&format!("cron({expression})")).expect(expression);
            let mut now = at("2024-01-01T00:00:00Z");
            for time in times {
                let next = schedule.next_after(now, Timestamp(0));
                assert_eq!(next, Some(at(&format!("{time}:00Z"))), "{expression} after {now}");
                now = next.unwrap_or_default();
            }
        }
    }

    #[test]
    fn what_is_over_comes_no_more() {
        let schedule = Schedule::parse("cron(30 12 1 6 ? 2024)").unwrap();
        let noon = at("2024-06-01T12:30:00Z");
        assert_eq!(schedule.next_after(noon.plus_millis(-1), Timestamp(0)), Some(noon));
        assert_eq!(schedule.next_after(noon, Timestamp(0)), None);
        let never = Schedule::parse("cron(0 0 31 2 ? *)").unwrap();
        assert_eq!(never.next_after(noon, Timestamp(0)), None);
        for extreme in [i64::MIN, i64::MAX] {
            for expression in ["cron(0 0 1 1 ? *)", "rate(1 minute)"] {
                let schedule = Schedule::parse(expression).unwrap();
                // Whatever it is.
                let _ = schedule.next_after(Timestamp(extreme), Timestamp(0));
            }
        }
    }

    #[test]
    fn rates_count_from_when_they_were_made() {
        for (expression, minutes) in
            [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(2 hours)", 120), ("rate(1 day)", 1440)]
        {
            let schedule = Schedule::parse(expression).expect(expression);
            let since = at("2024-01-01T00:00:07Z");
            let next = |at: Timestamp| schedule.next_after(at, since);
            let first = since.plus_millis(minutes * MINUTE);
            assert_eq!(next(since), Some(first), "{expression}");
            assert_eq!(next(first.plus_millis(-1)), Some(first), "{expression}");
            assert_eq!(next(first), Some(first.plus_millis(minutes * MINUTE)), "{expression}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for expression in [
            "",
            "rate(5 minute)",
            "rate(1 minutes)",
            "rate(0 minutes)",
            "rate(-1 minutes)",
            "rate(1.5 hours)",
            "rate(5 seconds)",
            "rate(5minutes)",
            "rate( 5 minutes)",
            "Rate(5 minutes)",
            "every minute",
            "cron(0 12 * * ?)",
            "cron(0 12 * * ? * *)",
            // The guide: one of the two has to be `?`.
            "cron(0 12 * * * *)",
            "cron(0 12 ? * ? *)",
            "cron(60 12 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 12 0 * ? *)",
            "cron(0 12 32W * ? *)",
            "cron(0 12 * 13 ? *)",
            "cron(0 12 * MON ? *)",
            "cron(0 12 ? * 0 *)",
            "cron(0 12 ? * MON#6 *)",
            "cron(0 12 * * ? 1969)",
            "cron(0 12 * * ? 2200)",
            "cron(0/0 12 * * ? *)",
            "cron(1,,2 12 * * ? *)",
            "cron(L 12 * * ? *)",
            "cron(+1 12 * * ? *)",
        ] {
            assert_eq!(Schedule::parse(expression), Err(InvalidSchedule), "{expression}");
        }
    }
}
