//! Kinds of journal entries, and the groups in which statements sum them.

/// An op that lands in the journal; stored as its number (`ledger.md` §3). Settles land among the calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(i16)]
pub enum EntryKind {
    Deposit = 1,
    Reversal = 2,
    Commission = 3,
    CommissionBack = 4,
    Correction = 5,
    CorrectionBack = 6,
    CreateKey = 7,
    FundKey = 8,
    Refund = 10,
    CloseKey = 11,
    Freeze = 12,
    Thaw = 13,
    Reinstate = 14,
}

/// What a reseller may choose to see of its movements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryGroup {
    /// Paid in, and taken back by the provider.
    Payments,
    /// Put into keys.
    Keys,
    /// Back from keys.
    Returns,
    /// Everything else: corrections, commissions, freezes.
    Other,
}

impl EntryKind {
    pub const ALL: [EntryKind; 13] = [
        EntryKind::Deposit,
        EntryKind::Reversal,
        EntryKind::Commission,
        EntryKind::CommissionBack,
        EntryKind::Correction,
        EntryKind::CorrectionBack,
        EntryKind::CreateKey,
        EntryKind::FundKey,
        EntryKind::Refund,
        EntryKind::CloseKey,
        EntryKind::Freeze,
        EntryKind::Thaw,
        EntryKind::Reinstate,
    ];

    /// The stored number.
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The kind of a stored number, `None` for a settle and for one that never was.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    pub fn group(self) -> EntryGroup {
        match self {
            EntryKind::Deposit | EntryKind::Reversal | EntryKind::Reinstate => EntryGroup::Payments,
            EntryKind::CreateKey | EntryKind::FundKey => EntryGroup::Keys,
            EntryKind::Refund | EntryKind::CloseKey => EntryGroup::Returns,
            _ => EntryGroup::Other,
        }
    }

    /// The word in answers and exports.
    pub fn word(self) -> &'static str {
        match self {
            EntryKind::Deposit => "deposit",
            EntryKind::Reversal => "reversal",
            EntryKind::Commission => "commission",
            EntryKind::CommissionBack => "commission_back",
            EntryKind::Correction => "correction",
            EntryKind::CorrectionBack => "correction_back",
            EntryKind::CreateKey => "create_key",
            EntryKind::FundKey => "fund_key",
            EntryKind::Refund => "refund",
            EntryKind::CloseKey => "close_key",
            EntryKind::Freeze => "freeze",
            EntryKind::Thaw => "thaw",
            EntryKind::Reinstate => "reinstate",
        }
    }
}

impl EntryGroup {
    pub const ALL: [EntryGroup; 4] = [EntryGroup::Payments, EntryGroup::Keys, EntryGroup::Returns, EntryGroup::Other];

    /// The word in links.
    pub fn word(self) -> &'static str {
        match self {
            EntryGroup::Payments => "payments",
            EntryGroup::Keys => "keys",
            EntryGroup::Returns => "back",
            EntryGroup::Other => "other",
        }
    }

    /// The group of a word, `None` for any other text.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.word() == word)
    }

    /// The kinds in it, by their numbers.
    pub fn codes(self) -> Vec<i16> {
        EntryKind::ALL.into_iter().filter(|kind| kind.group() == self).map(EntryKind::code).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_one_group_and_leads_back_from_its_number() {
        let mut grouped: Vec<i16> = EntryGroup::ALL.into_iter().flat_map(EntryGroup::codes).collect();
        grouped.sort_unstable();
        assert_eq!(grouped, [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14]);
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(EntryKind::from_code(9), None);
        assert_eq!(EntryGroup::ALL.map(|group| EntryGroup::parse(group.word())), EntryGroup::ALL.map(Some));
    }
}
