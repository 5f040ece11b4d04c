//! What a user may do, as its access string says: of the commands that a node of the model knows, as Redis 7.0 sorts them.

/// Why a user may not do this, if so.
pub(super) fn refusal(access_string: &str, name: &str, rest: &[&str]) -> Option<String> {
    if !may_call(access_string, name) {
        let name = name.to_ascii_lowercase();
        return Some(format!(
            "-NOPERM this user has no permissions to run the '{name}' command\r\n"
        ));
    }
    let key = rest.first().filter(|_| has_key(name))?;
    (!may_touch(access_string, key)).then(|| NO_KEY.to_owned())
}

const NO_KEY: &str =
    "-NOPERM this user has no permissions to access one of the keys used as arguments\r\n";

/// The last word that speaks of a command decides.
fn may_call(access_string: &str, name: &str) -> bool {
    let mut may = false;
    for word in access_string.split_whitespace() {
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "allcommands" => may = true,
            "nocommands" => may = false,
            other => {
                let (is_given, what) = match (other.strip_prefix('+'), other.strip_prefix('-')) {
                    (Some(what), _) => (true, what),
                    (None, Some(what)) => (false, what),
                    (None, None) => continue,
                };
                let is_meant = match what.strip_prefix('@') {
                    Some(category) => category == "all" || categories(name).contains(&category),
                    None => what.eq_ignore_ascii_case(name),
                };
                may = if is_meant { is_given } else { may };
            }
        }
    }
    may
}

fn categories(name: &str) -> &'static [&'static str] {
    match name {
        "PING" | "ECHO" | "SELECT" | "READONLY" => &["fast", "connection"],
        "CLIENT" => &["slow", "connection"],
        "INFO" => &["slow", "dangerous"],
        "ROLE" => &["fast", "admin", "dangerous"],
        "SCAN" | "RANDOMKEY" => &["slow", "keyspace", "read"],
        "DBSIZE" | "TYPE" | "PTTL" => &["fast", "keyspace", "read"],
        "GET" | "STRLEN" => &["fast", "read", "string"],
        "HLEN" => &["fast", "read", "hash"],
        "LLEN" => &["fast", "read", "list"],
        "SCARD" => &["fast", "read", "set"],
        "ZCARD" => &["fast", "read", "sortedset"],
        "XLEN" => &["fast", "read", "stream"],
        "SET" => &["slow", "write", "string"],
        "ACL" => &["slow"],
        _ => &[],
    }
}

fn has_key(name: &str) -> bool {
    let of_keys = ["read", "write"];
    let is_of_all = ["SCAN", "RANDOMKEY", "DBSIZE"].contains(&name);
    !is_of_all && categories(name).iter().any(|it| of_keys.contains(it))
}

/// Patterns are words, or the beginnings of some.
fn may_touch(access_string: &str, key: &str) -> bool {
    access_string.split_whitespace().any(|word| {
        let pattern = ["~", "%R~", "%RW~"].iter().find_map(|it| word.strip_prefix(it));
        let fits = |it: &str| it.strip_suffix('*').map_or(it == key, |it| key.starts_with(it));
        word == "allkeys" || pattern.is_some_and(fits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(access_string: &str, may: &[&[&str]], may_not: &[&[&str]]) {
        let refused = |words: &&[&str]| refusal(access_string, words[0], &words[1..]).is_some();
        assert!(!may.iter().any(refused), "{access_string}");
        assert!(may_not.iter().all(refused), "{access_string}");
    }

    #[test]
    fn the_last_word_on_a_command_counts() {
        check("on ~* +@all", &[&["INFO"], &["GET", "a"], &["SET", "a", "b"]], &[]);
        check("on ~* +@all -@dangerous", &[&["SCAN", "0"], &["GET", "a"]], &[&["INFO"], &["ROLE"]]);
        let reads = "on ~* +@read +@connection +info";
        check(reads, &[&["INFO"], &["SCAN", "0"], &["SELECT", "1"]], &[&["SET", "a", "b"]]);
        check("on ~* -@all +get", &[&["GET", "a"]], &[&["TYPE", "a"], &["PING"]]);
    }

    #[test]
    fn only_keys_that_fit_are_touched() {
        let app = "on ~app:* ~one +@all";
        check(
            app,
            &[&["TYPE", "app:1"], &["TYPE", "one"], &["SCAN", "0"]],
            &[&["TYPE", "two"], &["SET", "ones", "x"]],
        );
        check("on +@all", &[&["RANDOMKEY"]], &[&["GET", "a"]]);
    }
}
