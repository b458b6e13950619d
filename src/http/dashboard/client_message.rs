//! The text that a reseller sends with a key.

/// What it says unless the reseller has words of their own.
pub const STANDARD: &str = "Hi {label}, Your API key: {key} To track usage, visit: {portal} (Sign in with your email OTP, \
                            bind the key once.)";

/// A template with its places filled: `{key}` by the key, whole or its start; `{portal}` by the portal's origin; `{label}`
/// by the label. What a label or key contains is never read as a place.
pub fn client_message(template: &str, key: &str, portal: &str, label: &str) -> String {
    let places = [("{key}", key), ("{portal}", portal), ("{label}", label)];
    let (mut message, mut rest) = (String::with_capacity(template.len() + 128), template);
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        let place = places.iter().find(|(name, _)| from.starts_with(name));
        let (taken, text) = place.map_or(("{", "{"), |(name, text)| (*name, *text));
        message.push_str(before);
        message.push_str(text);
        rest = &from[taken.len()..];
    }
    message + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_text_is_the_guides() {
        let message = client_message(STANDARD, "sk-ant-1", "https://apikey.cloud", "Acme");
        let guides = "Hi Acme, Your API key: sk-ant-1 To track usage, visit: https://apikey.cloud (Sign in with your email \
                      OTP, bind the key once.)";
        assert_eq!(message, guides);
    }

    #[test]
    fn only_the_templates_own_places_are_filled() {
        assert_eq!(client_message("{label}: {key} {other} {", "{portal}", "p", "{key}"), "{key}: {portal} {other} {");
    }
}
