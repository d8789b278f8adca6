Feature: Handed over to somebody else's source
  Some help is not ours to give. A hand-off is written down with the card it went by, under a consent that names
  the recipient; it comes back to the list when it is time to ask again, and never holds a trip up.

  Background:
    Given Ana entered the boy in Atlanta, held over 24 hours
    And the domestic fund asks a person which Compact office was asked to pay

  Scenario: Without a consent that names it, nobody is told
    When Ana tries to hand him over to his home state
    Then the refusal says: "No consent about the child names Home state under the Interstate Compact for Juveniles. Ask the family for one that names it, then hand over."

  Scenario: His mother's yes is not enough: he signs too
    Given his mother alone agreed that "Home state under the Interstate Compact for Juveniles" may be told about him
    When Ana tries to hand him over to his home state
    Then the refusal says: "Home state under the Interstate Compact for Juveniles may not be told this: 1 signature missing. Ask for the consent, or go another way."

  Scenario Outline: It comes back when its card says so
    Given his mother and he agreed that "Home state under the Interstate Compact for Juveniles" may be told about him
    And Ana handed him over to his home state
    When it is <moment> UTC
    Then Ana's work list <shows> the hand-off

    Examples: the card says one day; midnight in the east is five in the morning
      | moment           | shows         |
      | 2026-11-26 04:59 | does not show |
      | 2026-11-26 05:00 | shows         |

  Scenario Outline: An attempt that did not help is the attempt the last-resort question waits for
    Given his mother and he agreed that "Home state under the Interstate Compact for Juveniles" may be told about him
    And Ana handed him over to his home state
    When Ana writes down that it <became>
    Then the domestic fund says eligible provisional
    And the hand-off is off Ana's work list, two days later

    Examples:
      | became         |
      | did not help   |
      | gave no answer |

  Scenario: The home state pays; it is handed over once at a time
    Given his mother and he agreed that "Home state under the Interstate Compact for Juveniles" may be told about him
    And Ana handed him over to his home state
    When Ana tries to hand him over to his home state
    Then the refusal says: "Handed over already. Write down what became of that first."
    When Ana writes down that it helped
    Then the domestic fund says needs staff decision
    And the hand-off is off Ana's work list, two days later
