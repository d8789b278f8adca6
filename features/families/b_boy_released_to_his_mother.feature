Feature: A boy of 15 is found out of state and released to his mother within a day
  Fares and one night are billed by vendors, a partner gives the second night, and meals are advanced.

  Scenario: Two sources carry the trip, three people agree, and every cent is accounted for
    Given Ana enters the family of story b
    When the request is checked
    Then it waits for approval with $1,583.60 covered and 1 night given by a partner
    When Ben approves it and Carla releases it
    And Ben logs the payments made elsewhere and Carla verifies them
    Then $344.00 is paid by Stripe and $1,239.60 by logged payments
    And 1 hotel night is used
    And the family can read its approval letter and a planned itinerary in Spanish
    And the books balance

  Scenario: The home state is not asked to pay, because the boy was released within a day
    Given Ana enters the family of story b
    When the request is checked
    Then the Interstate Compact is unlikely

  Scenario: The organisation books the seats and the first room with a card of this trip alone
    Given travel cards are switched on
    And the family of story b, whose seats and first room we book, has asked for help
    When Ben approves it and Carla releases it
    And Ana books with the trip's card, under what was approved
    And Ben logs the payments made elsewhere and Carla verifies them
    Then the card has paid $1,164.65 and $74.95 less is charged than was approved
    And $344.00 is paid by Stripe and $0.00 by logged payments
    And 1 hotel night is used
    And the books balance
