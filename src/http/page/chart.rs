//! Figures of bars by day, drawn on the server. Everything is per cent of the plot, y from the top.

/// Empty days stay flat; what is not 0 is at least this high, in hundredths of a per cent.
const LEAST: i128 = 100;
/// A whole, in hundredths of a per cent.
const WHOLE: i128 = 10_000;
/// Up to so many days a bar takes 30 % of its slot instead of 70 %, so that it stays slim.
const FEW: usize = 12;

/// One day. Coordinates are per cent of the figure, y from the top.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// Left end of the day
    pub slot: String,
    /// 100 ÷ days
    pub slot_width: String,
    pub x: String,
    pub y: String,
    /// 70% of the slot; 30% up to 12 days, so that a bar stays slim
    pub width: String,
    pub height: String,
    /// "19 Nov: $7.10, 412 calls": name, tooltip
    pub words: String,
    /// On, or gap (no data)
    pub look: String,
}

#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The first names the row
    pub cells: Vec<String>,
}

/// A figure with bars by day and its table.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    pub id: String,
    /// "Spent $34.20 over 30 days, most on 19 Nov: $7.10"
    pub caption: String,
    /// "$8"
    pub y_top: String,
    /// "$4"
    pub y_mid: String,
    /// First, middle, last day
    pub ticks: Vec<String>,
    pub bars: Vec<Bar>,
    pub table_title: String,
    pub heads: Vec<String>,
    pub rows: Vec<Row>,
    pub has_gaps: bool,
}

/// One day of a figure, in any unit; `None` where there is no data.
pub struct Day {
    pub amount: Option<i64>,
    /// "19 Nov: $7.10, 412 calls".
    pub words: String,
}

impl Chart {
    /// Sets the bars for these days.
    pub fn draw(&mut self, days: Vec<Day>) {
        let top = ceiling(days.iter().filter_map(|day| day.amount).max().unwrap_or(0));
        self.has_gaps = days.iter().any(|day| day.amount.is_none());
        self.bars = bars(days, top);
    }
}

/// The bars of days under a common top.
pub fn bars(days: Vec<Day>, top: i64) -> Vec<Bar> {
    let number = days.len().max(1);
    let slot = WHOLE * 100 / i128::try_from(number).unwrap_or(1);
    let part = if number <= FEW { 30 } else { 70 };
    let place = |at: usize| slot * i128::try_from(at).unwrap_or(0) / 100;
    let drawn = days.into_iter().enumerate().map(|(at, day)| {
        let height = height(day.amount, top);
        let gap = day.amount.is_none();
        let width = if gap { slot / 100 } else { slot * part / 10_000 };
        let x = if gap { place(at) } else { place(at) + slot * (100 - part) / 20_000 };
        Bar {
            slot: hundredths(place(at)),
            slot_width: hundredths(slot / 100),
            x: hundredths(x),
            y: hundredths(WHOLE - height),
            width: hundredths(width),
            height: hundredths(height),
            words: day.words,
            look: if gap { "gap" } else { "on" }.to_owned(),
        }
    });
    drawn.collect()
}

/// The next of 1, 2, 4, 5, 8 × 10ᵏ at or above the largest: the top of the plot, at least 1.
pub fn ceiling(largest: i64) -> i64 {
    let mut unit: i64 = 1;
    loop {
        for step in [1, 2, 4, 5, 8] {
            let top = unit.saturating_mul(step);
            if top >= largest {
                return top;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

fn height(amount: Option<i64>, top: i64) -> i128 {
    match amount {
        None => WHOLE,
        Some(0) => 0,
        Some(amount) => (i128::from(amount.max(0)) * WHOLE / i128::from(top.max(1))).clamp(LEAST, WHOLE),
    }
}

/// Hundredths of a per cent as per cent: `34.2`.
pub fn hundredths(value: i128) -> String {
    let text = format!("{}.{:02}", value / 100, value % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_plot_is_a_round_number() {
        let tops = [0, 1, 3, 9, 10, 11, 71, 7_100_000_000, i64::MAX].map(ceiling);
        assert_eq!(tops, [1, 1, 4, 10, 10, 20, 80, 8_000_000_000, i64::MAX]);
    }

    #[test]
    fn bars_stand_in_their_days_and_gaps_fill_theirs() {
        let day = |amount| Day { amount, words: String::new() };
        let mut chart = Chart::default();
        chart.draw(vec![day(Some(0)), day(Some(4)), day(Some(1)), day(None)]);
        let shown: Vec<_> = chart.bars.iter().map(|b| (b.x.as_str(), b.y.as_str(), b.height.as_str())).collect();
        assert_eq!(shown, [("8.75", "100", "0"), ("33.75", "0", "100"), ("58.75", "75", "25"), ("75", "0", "100")]);
        assert_eq!(
            (chart.has_gaps, chart.bars[3].look.as_str(), chart.bars[0].slot_width.as_str()),
            (true, "gap", "25")
        );
    }
}
