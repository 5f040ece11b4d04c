//! Expressions of metric math, as far as alarms on a few nodes need them: arithmetic, functions over several series, and FILL.

use super::series::Point;

/// An expression. It is of one kind throughout, which [`parse`] sees to.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A number.
    Number(f64),
    /// The series of this id.
    Series(String),
    /// Several series.
    Array(Vec<Self>),
    /// One series out of several.
    Over(Fold, Box<Self>),
    /// A series without gaps, as far as there is one at all.
    Fill(Box<Self>, Box<Self>),
    /// `-a`
    Negative(Box<Self>),
    /// Arithmetic on two.
    Both(Box<Self>, Operator, Box<Self>),
}

/// A function over several series.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fold {
    /// `MAX`
    Max,
    /// `MIN`
    Min,
    /// `SUM`
    Sum,
    /// `AVG`
    Average,
}

/// What is done with two values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Per,
}

/// What an expression may refer to.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// Ids of metrics, which `METRICS()` finds.
    pub(super) metrics: Vec<String>,
    /// Ids of other expressions, which it does not find.
    pub(super) expressions: Vec<String>,
}

/// What a term stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Number,
    Series,
    Array,
}

impl Fold {
    /// Series without a value in this period are left out.
    #[expect(clippy::cast_precision_loss, reason = "an alarm has few metrics")]
    fn of(self, points: &[Point]) -> Point {
        let values: Vec<f64> = points.iter().filter_map(|it| it.value).collect();
        let value = (!values.is_empty()).then(|| match self {
            Self::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Sum => values.iter().sum(),
            Self::Average => values.iter().sum::<f64>() / values.len() as f64,
        });
        Point::new(value, points.iter().any(|it| it.exists))
    }
}

impl Operator {
    fn of(self, left: Point, right: Point) -> Point {
        let value = left.value.zip(right.value).map(|(left, right)| match self {
            Self::Plus => left + right,
            Self::Minus => left - right,
            Self::Times => left * right,
            Self::Per => left / right,
        });
        Point::new(value, left.exists && right.exists)
    }
}

impl Term {
    /// Its value in a period, from those of the series that it refers to.
    pub(super) fn point(&self, series: &impl Fn(&str) -> Point) -> Point {
        self.points(series).first().copied().unwrap_or_default()
    }

    fn points(&self, series: &impl Fn(&str) -> Point) -> Vec<Point> {
        match self {
            Self::Number(number) => vec![Point::new(Some(*number), true)],
            Self::Series(id) => vec![series(id)],
            Self::Array(terms) => terms.iter().flat_map(|it| it.points(series)).collect(),
            Self::Over(fold, terms) => vec![fold.of(&terms.points(series))],
            Self::Fill(term, with) => {
                let with = with.point(series).value;
                let filled = |it: Point| if it.exists { it.or(with) } else { it };
                term.points(series).into_iter().map(filled).collect()
            }
            Self::Negative(term) => {
                let it = term.point(series);
                vec![Point::new(it.value.map(|it| -it), it.exists)]
            }
            Self::Both(left, operator, right) => {
                vec![operator.of(left.point(series), right.point(series))]
            }
        }
    }

    /// The ids that it refers to.
    pub(super) fn refers_to(&self) -> Vec<&str> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Series(id) => vec![id],
            Self::Array(terms) => terms.iter().flat_map(Self::refers_to).collect(),
            Self::Over(_, term) | Self::Negative(term) => term.refers_to(),
            Self::Fill(left, right) | Self::Both(left, _, right) => {
                left.refers_to().into_iter().chain(right.refers_to()).collect()
            }
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Number,
            Self::Series(_) | Self::Over(..) => Kind::Series,
            Self::Array(_) => Kind::Array,
            Self::Fill(term, _) | Self::Negative(term) => term.kind(),
            Self::Both(left, _, right) => match (left.kind(), right.kind()) {
                (Kind::Number, Kind::Number) => Kind::Number,
                (_, _) => Kind::Series,
            },
        }
    }
}

/// Reads an expression, which must stand for one series. What is wrong is told in words.
pub(super) fn parse(text: &str, names: &Names) -> Result<Term, String> {
    let mut parser = Parser { rest: text, names, depth: 0 };
    let term = parser.sum()?;
    parser.skip();
    if !parser.rest.is_empty() {
        return Err(parser.strange());
    }
    match term.kind() {
        Kind::Series => Ok(term),
        Kind::Number | Kind::Array => {
            Err("an expression of an alarm must return a single time series".to_owned())
        }
    }
}

/// Deeper than anybody writes, and no matter for the stack.
const DEPTH_MAX: usize = 50;

struct Parser<'a> {
    rest: &'a str,
    names: &'a Names,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn sum(&mut self) -> Result<Term, String> {
        let mut left = self.product()?;
        loop {
            let operator = if self.take("+") {
                Operator::Plus
            } else if self.take("-") {
                Operator::Minus
            } else {
                return Ok(left);
            };
            left = both(left, operator, self.product()?)?;
        }
    }

    fn product(&mut self) -> Result<Term, String> {
        let mut left = self.atom()?;
        loop {
            let operator = if self.take("*") {
                Operator::Times
            } else if self.take("/") {
                Operator::Per
            } else {
                return Ok(left);
            };
            left = both(left, operator, self.atom()?)?;
        }
    }

    fn atom(&mut self) -> Result<Term, String> {
        if self.depth == DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} levels are not modelled here"));
        }
        self.depth += 1;
        let term = self.atom_within();
        self.depth -= 1;
        term
    }

    fn atom_within(&mut self) -> Result<Term, String> {
        if self.take("-") {
            let term = self.atom()?;
            return match term.kind() {
                Kind::Array => Err(NO_ARRAYS.to_owned()),
                Kind::Number | Kind::Series => Ok(Term::Negative(Box::new(term))),
            };
        }
        if self.take("(") {
            let term = self.sum()?;
            return self.expect(")").map(|()| term);
        }
        if self.take("[") {
            return self.array();
        }
        let number = self.leading(|it| it.is_ascii_digit() || it == '.');
        if !number.is_empty() {
            let finite = number.parse().ok().filter(|it: &f64| it.is_finite());
            return finite.map(Term::Number).ok_or_else(|| format!("{number} is not a number"));
        }
        let name = self.leading(|it| it.is_ascii_alphanumeric() || it == '_');
        if name.starts_with(|it: char| it.is_ascii_lowercase()) {
            return self.series(name);
        }
        match name {
            "" => Err(self.strange()),
            "MAX" => self.over(Fold::Max, name),
            "MIN" => self.over(Fold::Min, name),
            "SUM" => self.over(Fold::Sum, name),
            "AVG" => self.over(Fold::Average, name),
            "FILL" => self.fill(),
            "METRICS" => self.metrics(),
            "SEARCH" => Err("SEARCH is not supported on Metric Alarms".to_owned()),
            other => Err(format!("{other} is not modelled here")),
        }
    }

    fn series(&self, id: &str) -> Result<Term, String> {
        let mut known = self.names.metrics.iter().chain(&self.names.expressions);
        let known = known.any(|it| it == id);
        known
            .then(|| Term::Series(id.to_owned()))
            .ok_or_else(|| format!("{id} is not the Id of anything in the list of Metrics"))
    }

    fn array(&mut self) -> Result<Term, String> {
        let mut terms = Vec::new();
        loop {
            let term = self.sum()?;
            if term.kind() == Kind::Number {
                return Err("numbers in an array are not modelled here".to_owned());
            }
            terms.push(term);
            if !self.take(",") {
                return self.expect("]").map(|()| Term::Array(terms));
            }
        }
    }

    fn over(&mut self, fold: Fold, name: &str) -> Result<Term, String> {
        self.expect("(")?;
        let term = self.sum()?;
        self.expect(")")?;
        match term.kind() {
            Kind::Array => Ok(Term::Over(fold, Box::new(term))),
            Kind::Number | Kind::Series => Err(format!(
                "{name} of anything but an array, [m1, m2] or METRICS(), is not modelled here"
            )),
        }
    }

    fn fill(&mut self) -> Result<Term, String> {
        self.expect("(")?;
        let term = self.sum()?;
        self.expect(",")?;
        let with = self.sum()?;
        self.expect(")")?;
        if term.kind() == Kind::Number || with.kind() == Kind::Array {
            return Err("FILL takes series, and a number or one series".to_owned());
        }
        Ok(Term::Fill(Box::new(term), Box::new(with)))
    }

    /// With a text: the metrics in whose ids it is.
    fn metrics(&mut self) -> Result<Term, String> {
        self.expect("(")?;
        let quote = ["\"", "'"].into_iter().find(|it| self.take(it));
        let part = match quote {
            Some(quote) => {
                let (part, rest) = self.rest.split_once(quote).ok_or("a text does not end")?;
                self.rest = rest;
                part
            }
            None => "",
        };
        self.expect(")")?;
        let found = self.names.metrics.iter().filter(|it| it.contains(part));
        let found: Vec<Term> = found.cloned().map(Term::Series).collect();
        if found.is_empty() {
            return Err(format!("METRICS(\"{part}\") finds no metric"));
        }
        Ok(Term::Array(found))
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) { Ok(()) } else { Err(self.strange()) }
    }

    fn leading(&mut self, is_of_it: impl Fn(char) -> bool) -> &'a str {
        self.skip();
        let end = self.rest.find(|it| !is_of_it(it)).unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        self.rest = rest;
        found
    }

    fn strange(&self) -> String {
        match self.rest.chars().next() {
            Some(sign) => format!("what stands at {sign:?} is not modelled here"),
            None => "it ends too early".to_owned(),
        }
    }
}

const NO_ARRAYS: &str = "arithmetic on arrays is not modelled here";

fn both(left: Term, operator: Operator, right: Term) -> Result<Term, String> {
    if left.kind() == Kind::Array || right.kind() == Kind::Array {
        return Err(NO_ARRAYS.to_owned());
    }
    Ok(Term::Both(Box::new(left), operator, Box::new(right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let owned = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        Names { metrics: owned(&["cpu1", "cpu2", "gap", "none"]), expressions: owned(&["e"]) }
    }

    /// In a period in which cpu1 is 20, cpu2 is 90 and e is 5, gap has a value in other periods only, and none in no period.
    #[track_caller]
    fn check(text: &str, wanted: Option<f64>) {
        let term = parse(text, &names()).unwrap();
        let point = term.point(&|id| match id {
            "cpu1" => Point::new(Some(20.0), true),
            "cpu2" => Point::new(Some(90.0), true),
            "e" => Point::new(Some(5.0), true),
            other => Point::new(None, other == "gap"),
        });
        assert_eq!(point.value, wanted, "{text}");
    }

    #[test]
    fn series_without_a_value_are_left_out() {
        check("MAX([cpu1, cpu2, gap])", Some(90.0));
        check("MIN([cpu1,cpu2,none])", Some(20.0));
        check("SUM([cpu1, cpu2, e])", Some(115.0));
        check("AVG([cpu1, gap, cpu2])", Some(55.0));
        check("MAX([gap, none])", None);
        check("MAX(METRICS())", Some(90.0));
        check("SUM(METRICS(\"cpu\"))", Some(110.0));
        check("SUM(METRICS('pu1'))", Some(20.0));
        check("SUM([METRICS(\"cpu1\"), e])", Some(25.0));
        check("AVG([cpu1 + cpu2, e])", Some(57.5));
    }

    #[test]
    fn arithmetic_binds_as_everywhere() {
        check("cpu1 + cpu2 * 2", Some(200.0));
        check("(cpu1+cpu2)*2", Some(220.0));
        check("100 - cpu2 - 5", Some(5.0));
        check("cpu2/cpu1/e", Some(0.9));
        check("-cpu1 + .5", Some(-19.5));
        check("cpu1 - -e", Some(25.0));
        check("100 * cpu1 / SUM(METRICS(\"cpu\"))", Some(2000.0 / 110.0));
        check("cpu1 + gap", None);
        check("cpu1 / (e - 5)", None);
    }

    #[test]
    fn gaps_are_filled_where_there_is_a_series() {
        check("FILL(gap, 7)", Some(7.0));
        check("FILL(cpu1, 7)", Some(20.0));
        check("FILL(gap, cpu2)", Some(90.0));
        check("FILL(none, 7)", None);
        check("MIN(FILL(METRICS(), 0))", Some(0.0));
        check("FILL(MAX([gap, none]), 3)", Some(3.0));
        check("FILL(none + 1, 3)", None);
    }

    #[track_caller]
    fn refused(text: &str, wanted: &str) {
        let said = parse(text, &names()).unwrap_err();
        assert!(said.contains(wanted), "{text}: {said}");
    }

    #[test]
    fn what_is_not_modelled_says_so() {
        refused("", "ends too early");
        refused("cpu1 +", "ends too early");
        refused("5", "single time series");
        refused("METRICS()", "single time series");
        refused("[cpu1, cpu2]", "single time series");
        refused("cpu3", "cpu3 is not the Id");
        refused("METRICS(\"disk\")", "finds no metric");
        refused("METRICS(\"disk", "does not end");
        refused("SEARCH('{A,B} x', 'Average', 300)", "SEARCH is not supported");
        refused("MAX(cpu1)", "MAX of anything but an array");
        refused("MAX([cpu1, 0])", "numbers in an array");
        refused("METRICS() * 2", "arithmetic on arrays");
        refused("-METRICS()", "arithmetic on arrays");
        refused("IF(cpu1 > 5, 1, 0)", "IF is not modelled");
        refused("RATE(cpu1)", "RATE is not modelled");
        refused("FILL(cpu1, REPEAT)", "REPEAT is not modelled");
        refused("FILL(1, 2)", "FILL takes series");
        refused("SELECT MAX(CPUUtilization) FROM x", "SELECT is not modelled");
        refused("cpu1 > cpu2", "'>' is not modelled");
        refused("cpu1 ^ 2", "'^' is not modelled");
        refused("cpu1 cpu2", "'c' is not modelled");
        refused("1.2.3 + cpu1", "1.2.3 is not a number");
        refused("(cpu1", "ends too early");
        refused("ä", "'ä' is not modelled");
        refused(&"(".repeat(2000), "more than 50 levels");
        refused(&"-".repeat(2000), "more than 50 levels");
        refused(&"[".repeat(2000), "more than 50 levels");
        refused(&"MAX(".repeat(500), "more than 50 levels");
    }

    /// Either is fine, as long as nobody panics.
    #[test]
    fn what_is_torn_is_refused_or_read() {
        let whole = "MAX([FILL(cpu1, 0), -cpu2]) / (SUM(METRICS(\"cpu\")) + 0.5)";
        for (at, _) in whole.char_indices() {
            let (start, end) = whole.split_at(at);
            drop(parse(start, &names()));
            for sign in ["ä", "(", ")", "[", "\"", ".", "-", " ", "9", "\0"] {
                drop(parse(&format!("{start}{sign}{}", &end[1..]), &names()));
            }
        }
    }

    #[test]
    fn the_longest_expression_is_nothing_to_the_stack() {
        let text = vec!["e"; 1024].join("+");
        check(&text, Some(5120.0));
    }
}
