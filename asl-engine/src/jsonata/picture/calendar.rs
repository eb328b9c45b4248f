//! Points in time and their components, counted as ECMAScript's `Date` counts them in UTC.
//!
//! Everything is a float: what is no point in time has components that are NaN.

const DAY: f64 = 86_400_000.0;
/// The furthest point in time from 1970, in milliseconds.
const FURTHEST: f64 = 8.64e15;

/// What a year, month, … make together. The month counts from zero, the day from one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Civil {
    pub(super) year: f64,
    pub(super) month: f64,
    pub(super) day: f64,
    pub(super) hour: f64,
    pub(super) minute: f64,
    pub(super) second: f64,
    pub(super) millisecond: f64,
}

impl Civil {
    /// Midnight of a day.
    pub(super) fn date(year: f64, month: f64, day: f64) -> Self {
        Self { year, month, day, ..Self::default() }
    }

    /// Milliseconds since 1970. Components out of their range carry over: the 32nd of January is the 1st of February.
    pub(super) fn millis(self) -> f64 {
        let [hour, minute, second] = [self.hour, self.minute, self.second].map(f64::trunc);
        let time = hour * 3_600_000.0 + minute * 60_000.0 + second * 1000.0 + self.millisecond.trunc();
        clip(days(self.year.trunc(), self.month.trunc(), self.day.trunc()) * DAY + time)
    }

    /// The same as ECMAScript's `Date.UTC`, for which the years 0 to 99 are those of the twentieth century.
    pub(super) fn utc(self) -> f64 {
        let year = self.year.trunc();
        let year = if (0.0..=99.0).contains(&year) { 1900.0 + year } else { year };
        Self { year, ..self }.millis()
    }
}

fn clip(millis: f64) -> f64 {
    if millis.abs() <= FURTHEST { millis.trunc() + 0.0 } else { f64::NAN }
}

/// Days since 1970 in the proleptic Gregorian calendar; NaN far outside of what is a point in time.
fn days(year: f64, month: f64, day: f64) -> f64 {
    if !(year.abs() <= 1e6 && month.abs() <= 1e7) {
        return f64::NAN;
    }
    let month = month as i64;
    let year = year as i64 + month.div_euclid(12);
    // Years begin in March here, so that a leap day is their last.
    let (year, month) = match month.rem_euclid(12) {
        month @ 0..=1 => (year - 1, month + 10),
        month => (year, month - 2),
    };
    let day_of_year = (153 * month + 2) / 5;
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (year * 365 + leaps + day_of_year - 719_469) as f64 + day
}

/// A point in time with its components.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    millis: f64,
    civil: Civil,
}

impl Moment {
    /// The point in time so many milliseconds after 1970 began.
    pub(super) fn new(millis: f64) -> Self {
        let millis = clip(millis);
        if millis.is_nan() {
            let nan = f64::NAN;
            let civil =
                Civil { year: nan, month: nan, day: nan, hour: nan, minute: nan, second: nan, millisecond: nan };
            return Self { millis, civil };
        }
        let time = millis.rem_euclid(DAY);
        // The number of the day since the 1st of March of the year 0, in eras of 400 years.
        let number = (millis / DAY).floor() as i64 + 719_468;
        let (era, day) = (number.div_euclid(146_097), number.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (carry, month) = if month < 10 { (0, month + 2) } else { (1, month - 10) };
        let civil = Civil {
            year: (era * 400 + year + carry) as f64,
            month: month as f64,
            day: day as f64,
            hour: (time / 3_600_000.0).floor(),
            minute: (time / 60_000.0).floor() % 60.0,
            second: (time / 1000.0).floor() % 60.0,
            millisecond: time % 1000.0,
        };
        Self { millis, civil }
    }

    /// The month, from zero, and the day of it.
    pub(super) fn month_and_day(self) -> (f64, f64) {
        (self.civil.month, self.civil.day)
    }

    /// The value of a component by its letter in pictures; `None` for those that are no numbers.
    pub(super) fn component(self, letter: char) -> Option<f64> {
        let civil = self.civil;
        Some(match letter {
            'Y' => civil.year,
            'M' => civil.month + 1.0,
            'D' => civil.day,
            'd' => (self.today() - Civil::date(civil.year, 0.0, 1.0).utc()) / DAY + 1.0,
            'F' => weekday(self.millis),
            'W' => week(self.today(), Period::Year(civil.year)),
            'w' => week(self.today(), Period::Month(civil.year, civil.month)),
            'X' => self.counted_in(Period::Year(civil.year)).number(),
            'x' => self.counted_in(Period::Month(civil.year, civil.month)).number(),
            'H' => civil.hour,
            'h' => (civil.hour + 11.0) % 12.0 + 1.0,
            'm' => civil.minute,
            's' => civil.second,
            'f' => civil.millisecond,
            _ => return None,
        })
    }

    /// Midnight before it.
    fn today(self) -> f64 {
        Civil::date(self.civil.year, self.civil.month, self.civil.day).utc()
    }

    /// The period to whose weeks it belongs: this one or a neighbour.
    fn counted_in(self, period: Period) -> Period {
        if self.millis < period.first_week() {
            period.previous()
        } else if self.millis >= period.next().first_week() {
            period.next()
        } else {
            period
        }
    }
}

/// The day of the week, from 1 for Monday to 7.
fn weekday(millis: f64) -> f64 {
    ((millis / DAY).floor() + 3.0).rem_euclid(7.0) + 1.0
}

/// What weeks are counted in.
#[derive(Clone, Copy)]
enum Period {
    Year(f64),
    /// A year, and a month from zero.
    Month(f64, f64),
}

impl Period {
    fn next(self) -> Self {
        match self {
            Self::Year(year) => Self::Year(year + 1.0),
            Self::Month(year, 11.0) => Self::Month(year + 1.0, 0.0),
            Self::Month(year, month) => Self::Month(year, month + 1.0),
        }
    }

    fn previous(self) -> Self {
        match self {
            Self::Year(year) => Self::Year(year - 1.0),
            Self::Month(year, 0.0) => Self::Month(year - 1.0, 11.0),
            Self::Month(year, month) => Self::Month(year, month - 1.0),
        }
    }

    /// The year, or the month from one.
    fn number(self) -> f64 {
        match self {
            Self::Year(year) => year,
            Self::Month(_, month) => month + 1.0,
        }
    }

    /// Where the first week begins: it is the one with the first Thursday, and begins on a Monday (ISO 8601).
    fn first_week(self) -> f64 {
        let first = match self {
            Self::Year(year) => Civil::date(year, 0.0, 1.0),
            Self::Month(year, month) => Civil::date(year, month, 1.0),
        };
        let first = first.utc();
        let weekday = weekday(first);
        if weekday > 4.0 { first + (8.0 - weekday) * DAY } else { first - (weekday - 1.0) * DAY }
    }

    /// How many weeks a year or month has at least.
    fn weeks(self) -> f64 {
        match self {
            Self::Year(_) => 52.0,
            Self::Month(..) => 4.0,
        }
    }
}

/// The week of a day in the period it belongs to, from one.
fn week(today: f64, period: Period) -> f64 {
    let since = |start: f64| ((today - start) / (DAY * 7.0) + 1.0).floor();
    let week = (today - period.first_week()) / (DAY * 7.0) + 1.0;
    if week > period.weeks() && today >= period.next().first_week() {
        1.0
    } else if week < 1.0 {
        since(period.previous().first_week())
    } else {
        week.floor()
    }
}
