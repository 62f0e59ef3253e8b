"""Who may enter the scheme: the facts of a referral, the policy in force on its day, and the judgement."""
