//! An access control list: a document says which groups may see it and who may not, the query says who is asking.

use diagon_udf::{Param, StrSet, Strs};

/// The caller may see the document: is in one of its groups, and isn't denied it.
#[diagon_udf::filter]
pub fn access_control(
    groups: Strs<'_>,
    // Of an index in which nobody is denied anything the mapping may lack it.
    #[field(optional)] denied: Strs<'_>,
    #[param(name = "groups")] member_of: Param<Strs<'_>>,
    user: Param<&str>,
    #[param(default = false)] public_by_default: Param<bool>,
    #[once(member_of.iter().collect())] memberships: &StrSet<'_>,
) -> bool {
    // Whoever denies names users or groups, and has the last word.
    let is_caller = |name: &str| name == *user || memberships.contains(name);
    if denied.iter().any(is_caller) {
        return false;
    }
    if groups.is_empty() {
        return *public_by_default;
    }
    groups.iter().any(|group| memberships.contains(group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use diagon_udf::testing::{BatchBuilder, OwnedStrs};

    struct Caller<'a> {
        user: &'a str,
        groups: &'a [&'a str],
        public_by_default: bool,
    }

    impl Caller<'_> {
        fn sees(&self, groups: &[&str], denied: &[&str]) -> bool {
            let [groups, denied, own] =
                [groups, denied, self.groups].map(|list| list.iter().collect::<OwnedStrs>());
            let set = self.groups.iter().copied().collect();
            let (user, public) = (Param(self.user), Param(self.public_by_default));
            access_control(
                groups.strs(),
                denied.strs(),
                Param(own.strs()),
                user,
                public,
                &set,
            )
        }
    }

    const ANN: Caller<'_> = Caller {
        user: "ann",
        groups: &["staff", "press"],
        public_by_default: false,
    };

    #[test]
    fn one_common_group_is_enough() {
        assert!(ANN.sees(&["press"], &[]) && ANN.sees(&["beta", "staff"], &[]));
        assert!(!ANN.sees(&["beta"], &[]) && !ANN.sees(&["Staff"], &[]));
    }

    #[test]
    fn a_user_is_no_group() {
        assert!(!ANN.sees(&["ann"], &[]));
    }

    #[test]
    fn who_denies_has_the_last_word() {
        assert!(!ANN.sees(&["staff"], &["press"]) && !ANN.sees(&["staff"], &["bob", "ann"]));
        assert!(ANN.sees(&["staff"], &["beta", "bob"]));
    }

    #[test]
    fn documents_without_groups() {
        let public = Caller {
            public_by_default: true,
            ..ANN
        };
        assert!(!ANN.sees(&[], &[]) && public.sees(&[], &[]));
        assert!(!public.sees(&[], &["ann"]) && !public.sees(&["beta"], &[]));
    }

    #[test]
    fn a_caller_in_thousands_of_groups() {
        let names: Vec<String> = (0..5_000).map(|i| format!("group-{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut batch = BatchBuilder::new(4);
        batch
            .str_list_column(&[&["group-0"], &["group-4999"], &["group-5000"], &[]])
            .str_list_column(&[&[], &["group-17"], &[], &[]])
            .str_list_param(&names)
            .str_param("ann")
            .bool_param(false);
        let expected = [true, false, false, false].map(Some);
        assert_eq!(batch.filter::<access_control>(), expected);
    }
}
