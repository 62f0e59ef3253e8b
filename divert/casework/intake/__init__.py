"""What comes in: the referral file, imports in the background, notes from other systems, referrals half written."""
