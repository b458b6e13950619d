//! What templates of both sites read: finished texts, nothing of one side alone.
//!
//! An optional text is an empty `String`. `tone` is `good`, `warn`, `bad`, `muted` or empty; `icon` names a symbol of
//! `templates/_icons.html` without its `i-`.

/// One line above the page, after something was done. Empty `text`: none.
#[derive(Clone, Debug, Default)]
pub struct Notice {
    /// "Paused acme-corp-prod."
    pub text: String,
    /// Good, warn, bad or empty
    pub tone: String,
    /// Name of a symbol in _icons.html
    pub icon: String,
    /// Words of the button, "Resume"
    pub word: String,
    /// The button posts here; empty: none
    pub post_action: String,
    /// Or the button leads here
    pub href: String,
}

/// One entry of the summary above a form.
#[derive(Clone, Debug, Default)]
pub struct FieldError {
    /// Id of the input
    pub field: String,
    pub text: String,
}

/// An option of a select or a radio card.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    pub value: String,
    pub word: String,
    pub chosen: bool,
    pub hint: String,
}

#[derive(Clone, Debug, Default)]
pub struct Pick {
    /// "50"
    pub value: String,
    /// "$50"
    pub word: String,
}

/// Below a list that goes on.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    pub pages: bool,
    pub range: String,
    pub newer: String,
    pub newer_word: String,
    pub older: String,
    pub older_word: String,
}

#[derive(Clone, Debug, Default)]
pub struct Fact {
    pub word: String,
    pub value: String,
}

#[derive(Clone, Debug, Default)]
pub struct Link {
    pub href: String,
    pub word: String,
    pub current: bool,
    pub icon: String,
}

#[derive(Clone, Debug, Default)]
pub struct Session {
    /// "Firefox on Linux"
    pub device: String,
    pub created: String,
    pub last_seen: String,
    pub current: bool,
    /// "/settings/sessions/{id}/revoke"
    pub action: String,
}

#[derive(Clone, Debug, Default)]
pub struct ErrorPage {
    pub title: String,
    /// Says what was not done
    pub text: String,
    /// "Back to API"
    pub home_word: String,
    pub request_id: String,
    /// Where Try again leads
    pub again: String,
    /// 503: seconds to the module's own retry
    pub retry_s: String,
}

/// login.html, login_code.html, portal/sign_in.html, portal/sign_in_code.html.
#[derive(Clone, Debug, Default)]
pub struct SignInForm {
    /// "/login", "/login/code", "/sign-in", "/sign-in/code"
    pub action: String,
    pub email: String,
    pub email_error: String,
    /// A path of the route table, or empty
    pub next: String,
    /// "That is not the code. 4 tries are left."
    pub code_error: String,
    pub submit: String,
    /// "/login": asks for a code again
    pub resend_action: String,
    /// Seconds until a new code may be asked for; the module counts down
    pub resend_s: String,
    /// "A new code can be sent in 42 seconds." Empty at 0
    pub resend_note: String,
    /// "/login"
    pub change_href: String,
}

/// Pages that stand alone: sign-in, errors.
#[derive(Clone, Debug, Default)]
pub struct Bare {
    pub csrf: String,
    /// Own path and query: the theme switch comes back to it.
    pub path: String,
    pub theme: String,
    pub theme_action: String,
    pub brand: String,
    /// Text of the portal's logo.
    pub logo: String,
    /// Where the brand and the button of an error lead.
    pub home: String,
    pub support: String,
    pub css: String,
    pub js: String,
    pub icon: String,
    pub notice: Notice,
}
