"""From acceptance to the last day of a contract: who is the keyworker, what may be signed, and for how long."""

from divert.models import State
from tests.boundaries.story import (
    ALLOCATED,
    ASSESSED,
    ASSESSED_AT_EXIT,
    POLICE_SAY_YES,
    PROBATION_SAYS_YES,
    READY_TO_SIGN,
    Boundary,
    case_in,
    checked,
    did,
    left,
    on,
    pauses,
    resumes,
    signs,
    varies,
)
from tests.office import (
    ENTRY,
    INSPECTOR,
    KEYWORKER,
    MANAGER,
    OTHER_KEYWORKER,
    PROBATION_LEAD,
    SIGNED_CONDITIONS,
    SPECIALIST,
)

S = State
ACCEPTED = (case_in(S.accepted),)
CAN_SIGN = (*ACCEPTED, *READY_TO_SIGN)
ACTIVE = (case_in(S.active),)
RESTRICTED = [*ENTRY["scores"], {"need": "abuse_exploitation", "score": 3, "linked": "no"}]
THREE = SIGNED_CONDITIONS[:3]

DRUNK = (checked(offence_on="2019-01-25"), POLICE_SAY_YES, PROBATION_SAYS_YES, *READY_TO_SIGN)
"""To be charged by 25 July, of which two weeks are kept back: the contract must end by 11 July."""

SHOPLIFTER = (case_in(S.accepted, offence_on="2019-01-25"), *READY_TO_SIGN)
"""The same day, which nobody but caution sets."""

BOUNDARIES = (
    Boundary(
        "names_a_keyworker",
        "a second keyworker, not one who has left",
        ACCEPTED,
        (did(MANAGER, "allocate", keyworker=OTHER_KEYWORKER.username),),
        (left(OTHER_KEYWORKER), did(MANAGER, "allocate", keyworker=OTHER_KEYWORKER.username)),
    ),
    Boundary(
        "names_a_keyworker",
        "the specialist, not the probation lead",
        ACCEPTED,
        (did(MANAGER, "allocate", keyworker=SPECIALIST.username),),
        (did(MANAGER, "allocate", keyworker=PROBATION_LEAD.username),),
    ),
    Boundary(
        "names_a_keyworker",
        "somebody employed, not somebody nobody knows",
        ACCEPTED,
        (did(MANAGER, "allocate", keyworker=KEYWORKER.username),),
        (did(MANAGER, "allocate", keyworker="nobody"),),
    ),
    Boundary(
        "names_another",
        "a second keyworker, not the same again",
        (*ACCEPTED, ALLOCATED),
        (did(MANAGER, "allocate", keyworker=OTHER_KEYWORKER.username),),
        (did(MANAGER, "allocate", keyworker=KEYWORKER.username),),
    ),
    Boundary(
        "by_the_keyworker",
        "theirs, not the second keyworker",
        ACTIVE,
        (did(KEYWORKER, "record-progress"),),
        (did(OTHER_KEYWORKER, "record-progress"),),
        reads="Only the keyworker may do this: keyworker.",
    ),
    Boundary(
        "by_the_keyworker",
        "once it is theirs, not while it is nobody's",
        ACCEPTED,
        (ALLOCATED, ASSESSED),
        (ASSESSED,),
        reads="Only the keyworker may do this: nobody yet; allocate the case first.",
    ),
    Boundary(
        "by_the_keyworker",
        "the police, who are no keyworkers, not another keyworker",
        (*ACCEPTED, ALLOCATED),
        (did(INSPECTOR, "decline-contract"),),
        (did(SPECIALIST, "decline-contract"),),
    ),
    Boundary(
        "restricted_need_by_specialist",
        "scored by the specialist, not by an ordinary keyworker",
        ACCEPTED,
        (
            did(MANAGER, "allocate", keyworker=SPECIALIST.username),
            did(SPECIALIST, "assess-needs", scores=RESTRICTED),
        ),
        (
            did(MANAGER, "allocate", keyworker=KEYWORKER.username),
            did(KEYWORKER, "assess-needs", scores=RESTRICTED),
        ),
    ),
    Boundary(
        "restricted_need_by_specialist",
        "every need but the restricted, not all",
        (*ACCEPTED, ALLOCATED),
        (did(KEYWORKER, "assess-needs", scores=ENTRY["scores"]),),
        (did(KEYWORKER, "assess-needs", scores=RESTRICTED),),
    ),
    Boundary(
        "one_entry_assessment",
        "a review after the entry, not a second entry",
        CAN_SIGN,
        (did(KEYWORKER, "assess-needs", stage="review"),),
        (did(KEYWORKER, "assess-needs", stage="entry"),),
    ),
    Boundary(
        "one_entry_assessment",
        "an entry after a review, not after an entry",
        (*ACCEPTED, ALLOCATED),
        (did(KEYWORKER, "assess-needs", stage="review"), ASSESSED),
        (ASSESSED, ASSESSED),
    ),
    Boundary(
        "exit_after_the_start",
        "once signed, not before",
        CAN_SIGN,
        (signs(), ASSESSED_AT_EXIT),
        (ASSESSED_AT_EXIT,),
    ),
    Boundary(
        "exit_after_the_start",
        "a review before it is signed, not an exit",
        CAN_SIGN,
        (did(KEYWORKER, "assess-needs", stage="review"),),
        (ASSESSED_AT_EXIT,),
    ),
    Boundary(
        "entry_assessed",
        "assessed at entry, not only reviewed",
        (*ACCEPTED, ALLOCATED),
        (ASSESSED, signs()),
        (did(KEYWORKER, "assess-needs", stage="review"), signs()),
    ),
    Boundary(
        "mandatory_conditions_present",
        "the three that every contract has, not two of them",
        CAN_SIGN,
        (signs(conditions=THREE),),
        (signs(conditions=THREE[:2]),),
        reads="Every contract has these conditions: add ATTEND_APPOINTMENTS.",
    ),
    Boundary(
        "conditions_within_the_maximum",
        "five conditions, not six",
        CAN_SIGN,
        (signs(conditions=SIGNED_CONDITIONS),),
        (signs(conditions=[*SIGNED_CONDITIONS, {"code": "MONEY_ADVICE"}]),),
        reads="A contract has at most 5 conditions.",
    ),
    Boundary(
        "conditions_offered",
        "the clinic on the day it opens, not the day before",
        (on("2019-10-01"), case_in(S.accepted, offence_on="2019-09-30"), *READY_TO_SIGN),
        (
            signs(
                signed_on="2019-10-01", ends_on="2019-12-31", conditions=[*THREE, {"code": "HEROIN_ASSISTED_TREATMENT"}]
            ),
        ),
        (
            signs(
                signed_on="2019-09-30", ends_on="2019-12-31", conditions=[*THREE, {"code": "HEROIN_ASSISTED_TREATMENT"}]
            ),
        ),
        reads="The catalogue does not offer this on 30 September 2019: HEROIN_ASSISTED_TREATMENT.",
    ),
    Boundary(
        "words_of_the_catalogue",
        "word for word, not with a word more",
        CAN_SIGN,
        (
            signs(
                conditions=[
                    {**THREE[0], "text": "I will not commit any offence while this contract lasts."},
                    *THREE[1:],
                ]
            ),
        ),
        (
            signs(
                conditions=[
                    {**THREE[0], "text": "I will not commit any offence while this contract lasts!"},
                    *THREE[1:],
                ]
            ),
        ),
    ),
    Boundary(
        "no_victim_contact_as_condition",
        "a letter to the victim, not a meeting",
        CAN_SIGN,
        (signs(conditions=[*THREE, {"code": "LETTER_TO_VICTIM"}]),),
        (signs(conditions=[*THREE, {"code": "RESTORATIVE_JUSTICE"}]),),
    ),
    Boundary(
        "ends_after_it_is_signed",
        "the day after, not the same day",
        CAN_SIGN,
        (signs(ends_on="2019-05-07"),),
        (signs(ends_on="2019-05-06"),),
    ),
    Boundary(
        "no_longer_than_the_pack_allows",
        "four months, not a day more",
        CAN_SIGN,
        (signs(ends_on="2019-09-06"),),
        (signs(ends_on="2019-09-07"),),
        reads="A contract runs for at most 4 months from the day it was first signed.",
    ),
    Boundary(
        "no_longer_than_the_pack_allows",
        "signed again in June: four months from the first signature, not a day more",
        (*ACTIVE, on("2019-06-03")),
        (varies(signed_on="2019-06-03", ends_on="2019-09-06"),),
        (varies(signed_on="2019-06-03", ends_on="2019-09-07"),),
    ),
    Boundary(
        "no_longer_than_the_pack_allows",
        "signed thrice: four months from the first signature still, not a day more",
        (*ACTIVE, on("2019-06-03"), varies(signed_on="2019-06-03", ends_on="2019-09-06")),
        (varies(signed_on="2019-06-03", ends_on="2019-09-06"),),
        (varies(signed_on="2019-06-03", ends_on="2019-09-07"),),
    ),
    Boundary(
        "no_longer_than_the_pack_allows",
        "a week in hospital is added, not a day more",
        (*ACTIVE, pauses("2019-05-06", "2019-05-12")),
        (varies(ends_on="2019-09-13"),),
        (varies(ends_on="2019-09-14"),),
    ),
    Boundary(
        "no_longer_than_the_pack_allows",
        "a week and the day after it are added, not a day more",
        (*ACTIVE, pauses("2019-05-06", "2019-05-12"), on("2019-05-13"), pauses("2019-05-20", "2019-05-20")),
        (varies(ends_on="2019-09-14"),),
        (varies(ends_on="2019-09-15"),),
    ),
    Boundary(
        "no_longer_than_the_pack_allows",
        "three days of the week were used and are added, not the fourth",
        (*ACTIVE, pauses("2019-05-06", "2019-05-12"), resumes("2019-05-09")),
        (varies(ends_on="2019-09-09"),),
        (varies(ends_on="2019-09-10"),),
    ),
    Boundary(
        "no_longer_than_the_pack_allows",
        "a pause that stops the conditions alone adds nothing",
        (*ACTIVE, pauses("2019-05-06", "2019-05-12", stops="condition_dates")),
        (varies(ends_on="2019-09-06"),),
        (varies(ends_on="2019-09-07"),),
    ),
    Boundary(
        "fits_time_limit",
        "two weeks before the last day for a charge, not a day later",
        DRUNK,
        (signs(ends_on="2019-07-11"),),
        (signs(ends_on="2019-07-12"),),
        reads=(
            "This must end by 11 July 2019: a charge has to be issued by 25 July 2019, and time to "
            "decide on one is kept back."
        ),
    ),
    Boundary(
        "fits_time_limit",
        "a limit that caution keeps does not bind, one of the statute does",
        (),
        (*SHOPLIFTER, signs(ends_on="2019-07-12")),
        (*DRUNK, signs(ends_on="2019-07-12")),
    ),
    Boundary(
        "fits_time_limit",
        "a pause of ten days, not of eleven",
        (*DRUNK, signs(ends_on="2019-07-01")),
        (pauses("2019-05-06", "2019-05-15"),),
        (pauses("2019-05-06", "2019-05-16"),),
    ),
    Boundary(
        "fits_time_limit",
        "a pause that leaves the end where it is, not one that moves it",
        (*DRUNK, signs(ends_on="2019-07-11")),
        (pauses("2019-05-06", "2019-05-06", stops="condition_dates"),),
        (pauses("2019-05-06", "2019-05-06"),),
    ),
    Boundary(
        "probation_lead_agreed",
        "the probation lead, not once they have left",
        ACTIVE,
        (varies(agreed_by=PROBATION_LEAD.username),),
        (left(PROBATION_LEAD), varies(agreed_by=PROBATION_LEAD.username)),
    ),
    Boundary(
        "probation_lead_agreed",
        "the probation lead, not the inspector",
        ACTIVE,
        (varies(agreed_by=PROBATION_LEAD.username),),
        (varies(agreed_by=INSPECTOR.username),),
    ),
    Boundary(
        "probation_lead_agreed",
        "the probation lead, not somebody nobody knows",
        ACTIVE,
        (varies(agreed_by=PROBATION_LEAD.username),),
        (varies(agreed_by="nobody"),),
    ),
    Boundary(
        "not_paused",
        "the day after a pause, not its last",
        (*ACTIVE, pauses("2019-05-06", "2019-05-12")),
        (on("2019-05-13"), pauses("2019-05-13", "2019-05-14")),
        (on("2019-05-12"), pauses("2019-05-13", "2019-05-14")),
    ),
    Boundary(
        "paused",
        "on the last day of a pause, not the day after",
        (*ACTIVE, pauses("2019-05-06", "2019-05-12")),
        (on("2019-05-12"), resumes("2019-05-12")),
        (on("2019-05-13"), resumes("2019-05-12")),
    ),
    Boundary(
        "paused",
        "once, not twice",
        (*ACTIVE, pauses("2019-05-06", "2019-05-12")),
        (resumes("2019-05-08"),),
        (resumes("2019-05-08"), resumes("2019-05-08")),
    ),
    Boundary(
        "resumed_within_the_pause",
        "on its first day, not the day before",
        (*ACTIVE, pauses("2019-05-07", "2019-05-12")),
        (resumes("2019-05-07"),),
        (resumes("2019-05-06"),),
        reads="The pause runs from 7 May 2019 to 12 May 2019: name a day of it.",
    ),
    Boundary(
        "resumed_within_the_pause",
        "on its last day, not the day after",
        (*ACTIVE, pauses("2019-05-06", "2019-05-12")),
        (resumes("2019-05-12"),),
        (resumes("2019-05-13"),),
    ),
    Boundary(
        "pause_within_the_term",
        "from the first day of the contract, not the day before",
        ACTIVE,
        (pauses("2019-05-06", "2019-05-12"),),
        (pauses("2019-05-05", "2019-05-12"),),
    ),
    Boundary(
        "pause_within_the_term",
        "from the last day of the contract, not the day after",
        ACTIVE,
        (pauses("2019-08-04", "2019-08-06"),),
        (pauses("2019-08-05", "2019-08-06"),),
    ),
    Boundary(
        "pause_within_the_term",
        "signed again in June: from the first signature on, not the day before",
        (*ACTIVE, on("2019-06-03"), varies(signed_on="2019-06-03")),
        (pauses("2019-05-06", "2019-06-12"),),
        (pauses("2019-05-05", "2019-06-12"),),
    ),
)
